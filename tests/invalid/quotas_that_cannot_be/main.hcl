quota "hourly" {
  keyed_by = "username"
  interval {
    duration = "1 hour"
  }
  interval {
    duration       = "1h"
    queries        = 1.5
    execution_time = "-1"
  }
  interval {
    duration = "60m"
  }
}
