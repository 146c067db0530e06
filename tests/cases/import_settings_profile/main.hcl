# Profiles made by hand: the one that differs is taken over, the other one is adopted.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

settings_profile "base" {
  settings = { log_comment = "base", max_threads = 4 }
}

settings_profile "reporting" {
  inherit  = [settings_profile.base]
  settings = { async_insert = true }
  setting {
    name  = "max_memory_usage"
    value = "10G"
    min   = 1
    max   = "20G"
  }

  setting {
    name        = "readonly"
    value       = 2
    writability = "const"
  }
  to = [role.analyst]
}

role "analyst" {}

role "batch" {
  profile  = settings_profile.base
  settings = { max_execution_time = 3600 }
}

import {
  to = settings_profile.reporting
}
