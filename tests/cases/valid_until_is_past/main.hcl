# A time that has passed lets nobody in: an error where it is declared anew.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

user "bi" {
  valid_until = "2026-11-21T00:00:00+02:00"
  authentication {
    method = "ldap"
    server = "corp"
  }
}
