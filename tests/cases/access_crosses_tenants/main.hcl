# A new role reads two tenants' tables, and someone of a tenant is granted another tenant's database.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}

role "support" {
  grant {
    privileges = ["SELECT(id, at)"]
    on         = "${tenant.acme.database}.events"
  }

  grant {
    privileges = ["SELECT"]
    on         = "tenant_globex.*"
  }
}

grant "peek" {
  to         = tenant.acme.role
  privileges = ["SELECT"]
  on         = "tenant_*.*"
}
