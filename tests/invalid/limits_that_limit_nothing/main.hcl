clickhouse {
  settings = { max_threads = "64" }
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  limits {}
}

tenant "globex" {
  limits {
    max_memory_usage   = 0
    max_execution_time = "one minute"
    max_threads        = 8
  }
}
