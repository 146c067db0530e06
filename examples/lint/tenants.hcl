# What is denied, what is allowed, and an exception with its reason. docs/lint.md explains it.
#
#   charter lint                      needs no server
#   charter explain CH104             says what a finding means
charter {
  scope = "demo"
}

clickhouse {
  url      = env("CLICKHOUSE_URL", "http://127.0.0.1:8123")
  user     = env("CLICKHOUSE_USER", "default")
  password = env("CLICKHOUSE_PASSWORD", "")
}

kubernetes {
  manifests = "out/manifests"
}

lint {
  deny  = ["data-loss", "secrets", "CH121"]
  allow = ["CH114"] # an index for new rows is enough here
}

tenant "demo_lint" {}
