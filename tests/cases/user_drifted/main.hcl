# Everything of a user drifted: one statement puts it right, in place.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "reports" {}

user "bi" {
  roles            = [role.reports]
  default_roles    = [role.reports]
  grantees         = [role.reports]
  default_database = "system"
  hosts            = ["10.0.0.0/8"]
  host_names_like  = ["%.example.com"]
  valid_until      = "2090-01-31T12:00:00Z"
  authentication {
    method = "ldap"
    server = "corp"
  }

  authentication {
    method = "sha256_hash"
    hash   = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    salt   = "hunter5"
  }
}
