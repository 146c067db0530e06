database "reporting" {
  comment = env("CLICKHOUSE_PASSWORD")
}
