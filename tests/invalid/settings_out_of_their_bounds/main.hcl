role "analyst" {
  setting {
    name = "max_threads"
    min  = 8
    max  = 4
  }
  setting {
    name        = "readonly"
    value       = 2
    writability = "constant"
  }
  setting {
    name  = "max_execution_time"
    value = 90
    max   = 60
  }
}
