# A tenant gets limits: a profile with bounds and a quota for its role, which migrations keep to.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  limits {
    max_memory_usage                = "10G"
    max_execution_time              = 60
    max_concurrent_queries_for_user = 8
    quota {
      duration = "1h"
      queries  = 10000
    }
  }
}
