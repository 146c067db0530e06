# Who may do what in two environments: developers read staging, operators write production, pipelines write their own.
#
# One declaration for both. Roles say what may be done in an environment, teams have roles, people and pipelines have teams or
# roles. All of it is managed whole: a grant made by hand is drift, and the next apply revokes it.

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

locals {
  environments = toset(["staging", "production"])

  # People, and the team that each is in.
  people = {
    dana = "developers"
    olga = "operators"
  }
}

database "environment" {
  for_each = local.environments
  name     = "demo_${each.key}"
  comment  = "everything of ${each.key}"
}

role "reader" {
  for_each = local.environments
  name     = "demo_${each.key}_reader"

  # All but what identifies a person.
  grant {
    privileges = ["SELECT", "SHOW TABLES", "SHOW COLUMNS"]
    on         = "demo_${each.key}.*"
    except     = ["demo_${each.key}.visitors"]
  }
  depends_on = [database.environment]
}

role "writer" {
  for_each = local.environments
  name     = "demo_${each.key}_writer"
  roles    = [role.reader[each.key]]
  grant {
    privileges = ["INSERT", "ALTER UPDATE", "ALTER DELETE"]
    on         = "demo_${each.key}.*"
  }
}

role "developers" {
  name  = "demo_developers"
  roles = [role.reader["staging"]]
}

role "operators" {
  name  = "demo_operators"
  roles = [role.reader["staging"], role.writer["production"]]
}

user "person" {
  for_each = local.people
  name     = "demo_${each.key}"
  roles    = ["demo_${each.value}"]
  credentials {}
  depends_on = [role.developers, role.operators]
}

secret "person" {
  for_each    = local.people
  name        = "demo-${each.key}-clickhouse"
  credentials = user.person[each.key]
}

# A flow of each environment: its credentials are in a Secret, and never in the code of a task.
user "pipeline" {
  for_each         = local.environments
  name             = "demo_${each.key}_pipeline"
  roles            = [role.writer[each.key]]
  default_database = "demo_${each.key}"
  hosts            = ["127.0.0.1", "10.0.0.0/8"]
  credentials {}
}

secret "pipeline" {
  for_each    = local.environments
  name        = "demo-${each.key}-pipeline"
  credentials = user.pipeline[each.key]
  data        = { host = "clickhouse.operations", port = "8123", tls = "false" }
}
