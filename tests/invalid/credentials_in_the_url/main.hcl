clickhouse {
  url = "http://default:secret@clickhouse.operations:8123"
}
