tenant "demo_acme" {
  import_ledger {
    from = "golang-migrate"
  }
}

tenant "demo_globex" {
  organization = "demo-corp"
  privileges   = ["SELECT", "INSERT"]
  user {
    hosts = ["10.0.0.0/8", "localhost"]
  }
}

grant "demo_globex_role_1" {
  to         = tenant.demo_globex.role
  privileges = ["SELECT(at, id)"]
  on         = "${database.demo_reporting.name}.events"
}

database "demo_reporting" {
  comment = "shared \"aggregates\" of $${all}"
}

role "demo_analyst" {
  settings = { max_threads = 4 }
  grant {
    privileges = ["SELECT(at, id)"]
    on         = "${database.demo_reporting.name}.events"
  }
}

role "demo_auditor" {
  role_grant {
    role         = role.demo_analyst
    admin_option = true
  }

  grant {
    privileges   = ["SHOW"]
    on           = "*.*"
    grant_option = true
  }

  grant {
    privileges = ["INSERT"]
    on         = "${database.demo_reporting.name}.*"
  }

  grant {
    privileges = ["SELECT"]
    on         = "${database.demo_reporting.name}.*"
    except     = ["demo_reporting.events(secret)"]
  }
}

role "demo_wide" {
  grant {
    privileges = [
      "CHECK",
      "SHOW",
      "SELECT",
      "INSERT",
      "ALTER",
      "CREATE",
      "DROP",
      "UNDROP TABLE",
      "OPTIMIZE",
      "BACKUP",
      "ACCESS MANAGEMENT",
      "SYSTEM",
      "dictGet",
    ]
    on = "${database.demo_reporting.name}.*"
  }

  grant {
    privileges = ["SELECT"]
    on         = "`demo_re*`.*"
  }
}

user "demo_bi" {
  roles            = [role.demo_analyst, role.demo_auditor]
  hosts            = ["10.0.0.0/8"]
  host_names_like  = ["%.example.com"]
  default_roles    = [role.demo_analyst]
  grantees         = [role.demo_analyst]
  default_database = "demo_reporting"
  profile          = settings_profile.demo_base
  settings         = { max_threads = 2 }
  authentication {
    # it logs in with sha256_password; ssl_certificate common names bi until 2090-01-01T00:00:00Z
    # nothing tells a password, a hash or a key back: it is left alone
    method = "unmanaged"
  }
}

user "demo_cert" {
  authentication {
    method       = "ssl_certificate"
    common_names = ["a", "b"]
  }
}

user "demo_job" {
  grant {
    privileges = ["SELECT"]
    on         = "${database.demo_reporting.name}.events"
  }

  credentials {}
}

secret "demo-job" {
  credentials = user.demo_job
  # its other keys are left alone: port
}

settings_profile "demo_base" {
  settings = { log_comment = "it's \"base\"", max_threads = 8 }
}

settings_profile "demo_report" {
  inherit = [settings_profile.demo_base]
  to      = [role.demo_analyst]
  setting {
    name  = "max_memory_usage"
    value = 10000000000
    min   = 1
    max   = 20000000000
  }

  setting {
    name        = "readonly"
    value       = 2
    writability = "const"
  }
}

quota "demo_hourly" {
  keyed_by      = "user_name"
  to_all_except = [role.demo_auditor]
  interval {
    duration       = "1h"
    execution_time = "90.5"
    queries        = 1000
  }

  interval {
    duration   = "90s"
    randomized = true
  }
}

row_policy "demo_own" {
  database    = database.demo_reporting.name
  table       = "events"
  using       = "(id = 1) AND (secret != '$${x}')"
  restrictive = true
  to          = [role.demo_analyst]
}

row_policy "demo_rest" {
  database      = database.demo_reporting.name
  table         = "events"
  using         = "1"
  to_all_except = [role.demo_analyst]
}

# Left alone:
# - role demo-odd: its name cannot be declared: it holds '-'; allowed are letters, digits and _
