# What a server of 24.8 does not know is told before anything is sent.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

user "bi" {
  valid_until = "2090-01-01T00:00:00Z"
  authentication {
    method = "scram_sha256_hash"
    hash   = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  }

  authentication {
    method = "ldap"
    server = "corp"
  }
}
