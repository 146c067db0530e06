# A tenant is removed with its data, and its user and role go on in blocks of their own: nobody is locked out.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "r" {
  name = "role_tenant_acme"
}

user "x" {
  name  = "user_tenant_acme"
  roles = [role.r]
  credentials {}
}

secret "s" {
  name        = "superset-tenant-acme-clickhouse-credentials"
  credentials = user.x
}

removed {
  from      = tenant.acme
  data_loss = "allow"
}
