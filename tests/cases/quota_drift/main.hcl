# A quota was changed by hand: its key, a limit, an interval more, one randomized, for everybody.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

quota "hourly" {
  keyed_by = "user_name"
  interval {
    duration       = "1h"
    queries        = 1000
    read_bytes     = "10G"
    execution_time = 90.5
  }

  interval {
    duration   = "1d"
    randomized = true
  }
  to = [role.analyst]
}

role "analyst" {}
