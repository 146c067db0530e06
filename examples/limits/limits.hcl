# Neighbours that do not hear each other: limits of a tenant, settings profiles, a quota, and row policies on a shared table.
#
# A tenant's queries may use so much and no more; its migrations run as its user, so they keep to the limits, too.

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

# Each setting is the value and the bounds: a query may choose less, not more, and not 0, which would be no limit at all.
tenant "demo_acme" {
  limits {
    max_memory_usage                = "2G"
    max_execution_time              = 60
    max_threads                     = 4
    max_concurrent_queries_for_user = 8
    quota {
      duration = "1h"
      queries  = 10000
    }

    quota {
      duration = "1d" # counts, and limits nothing
    }
  }
}

database "demo_shared" {}

migrations "shared" {
  path     = "migrations/shared"
  database = database.demo_shared
}

# Two teams read one table, each its own rows; the third policy says what everybody else reads of it: nothing.
role "north" {
  name    = "demo_north"
  profile = settings_profile.report
  grant {
    privileges = ["SELECT"]
    on         = "${database.demo_shared.name}.events"
  }
}

role "south" {
  name     = "demo_south"
  profile  = settings_profile.report
  settings = { max_execution_time = 30 } # comes on top of the profile
  grant {
    privileges = ["SELECT"]
    on         = "${database.demo_shared.name}.events"
  }
}

row_policy "demo_north" {
  database   = database.demo_shared.name
  table      = "events"
  using      = "region = 'north'"
  to         = [role.north]
  depends_on = [migrations.shared]
}

row_policy "demo_south" {
  database   = database.demo_shared.name
  table      = "events"
  using      = "region = 'south'"
  to         = [role.south]
  depends_on = [migrations.shared]
}

row_policy "demo_others" {
  database      = database.demo_shared.name
  table         = "events"
  using         = "0"
  to_all_except = [role.north, role.south]
  depends_on    = [migrations.shared]
}

settings_profile "base" {
  name     = "demo_base"
  settings = { max_result_rows = "1M", result_overflow_mode = "throw" }
}

settings_profile "report" {
  name    = "demo_report"
  inherit = [settings_profile.base]
  setting {
    name  = "max_memory_usage"
    value = "1G"
    min   = 1
    max   = "4G"
  }

  setting {
    name        = "readonly"
    value       = 2
    writability = "const"
  }
}

# So much an hour for each user of the two roles.
quota "demo_reports" {
  keyed_by = "user_name"
  interval {
    duration       = "1h"
    queries        = 1000
    execution_time = 600
    randomized     = true
  }
  to = [role.north, role.south]
}
