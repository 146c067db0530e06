# Settings of roles were changed by hand, also where the block sets none; of a user they are left alone because it says so.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "analyst" {}

role "batch" {
  settings = { max_execution_time = 3600, async_insert = true }
}

role "free" {
  settings = { max_threads = 4 }
  lifecycle {
    ignore_changes = [settings]
  }
}
