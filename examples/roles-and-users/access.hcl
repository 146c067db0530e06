# Access outside of tenants: a database, roles with grants, a user whose password is kept in a Secret.
#
# A role or user that is declared is managed whole: a grant made by hand is drift, and the next apply revokes it.

charter {
  scope = "demo"
}

clickhouse {
  url      = env("CLICKHOUSE_URL")
  user     = env("CLICKHOUSE_USER", "default")
  password = env("CLICKHOUSE_PASSWORD", "")
}

kubernetes {
  manifests = "out/manifests"
}

database "demo_reporting" {
  comment = "shared aggregates"
}

migrations "reporting" {
  path     = "migrations/reporting"
  database = database.demo_reporting
}

role "reader" {
  name = "demo_reader"
  grant {
    privileges = ["SELECT"]
    on         = "${database.demo_reporting.name}.*"
  }
}

# A role that has another one, and columns of a table.
role "writer" {
  name  = "demo_writer"
  roles = [role.reader]
  grant {
    privileges = ["INSERT(day, visits)"]
    on         = "${database.demo_reporting.name}.daily"
  }
}

user "bi" {
  name             = "demo_bi"
  roles            = [role.reader]
  hosts            = ["127.0.0.1", "10.0.0.0/8"]
  default_database = database.demo_reporting.name
  credentials {}
}

# Keeps the user's name, password and default database, and what else a client needs.
secret "bi" {
  name        = "demo-bi-clickhouse"
  credentials = user.bi
  data        = { host = "clickhouse.operations", port = "8123" }
  labels      = { team = "analytics" }
}

# A grant on its own adds to what is there. It is made for roles that another configuration owns: to = "their_role".
grant "demo_row_count" {
  to         = role.reader
  privileges = ["SELECT"]
  on         = "system.one"
}
