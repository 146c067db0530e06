# A quota made by hand is taken over: every difference is shown, and one statement mends them.
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

import {
  to = quota.hourly
}
