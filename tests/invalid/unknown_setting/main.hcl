clickhouse {
  url     = "clickhouse.operations:8123"
  pasword = "x"
  timeout = "soon"
}

database "reporting" {}
