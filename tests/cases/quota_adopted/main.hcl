# The quota was made by hand, as it is declared.
charter {
  scope = "platform"
}

role "analyst" {}

quota "hourly" {
  keyed_by = "user_name"
  interval {
    duration = "1h"
    queries  = 1000
  }
  to = [role.analyst]
}
