role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = "reporting.*"
  }
  lifecycle {
    ignore_changes = [grant]
  }
}

secret "x" {
  data = { host = "clickhouse" }
  lifecycle {
    ignore_changes = [data, name]
  }
}
