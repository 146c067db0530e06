user "incomplete" {
  authentication {
    method = "ldap"
  }
  authentication {
    method            = "ssl_certificate"
    common_names      = ["a"]
    subject_alt_names = ["DNS:a"]
  }
  authentication {
    method = "ssh_key"
    keys   = [{ public_key = "ssh-ed25519 AAAA me@host", type = "ssh-ed25519" }]
  }
}
