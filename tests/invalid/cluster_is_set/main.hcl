clickhouse {
  cluster = "main"
}

role "analyst" {}
