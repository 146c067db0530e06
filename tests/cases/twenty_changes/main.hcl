# Twenty changes of every kind, as they look on a terminal of 80 columns.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  privileges = ["SELECT", "INSERT", "ALTER", "CREATE TABLE"]
  limits {
    max_execution_time = 60
    quota {
      duration = "1h"
      queries  = 10000
    }
  }
}

tenant "globex" {
  privileges = charter.presets.confined
}

database "reporting" {
  comment = "shared aggregates"
}

database "archive" {}

settings_profile "reports" {
  settings = { max_threads = 4 }
  to       = [role.analyst]
}

role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = "${database.reporting.name}.*"
  }

  grant {
    privileges = ["SELECT(id, at)"]
    on         = "${tenant.acme.database}.events"
  }
}

role "batch" {
  settings = { max_execution_time = 3600 }
}

user "bi" {
  roles       = [role.analyst]
  hosts       = ["10.0.0.0/8", "192.168.0.0/16"]
  valid_until = "2090-01-31T12:00:00Z"
  authentication {
    method = "ldap"
    server = "corp"
  }
}
