variable "hash" {
  sensitive = true
  default   = "hunter5-in-clear"
}

user "hashes" {
  authentication {
    method = "sha256_hash"
    hash   = var.hash
  }
  authentication {
    method = "double_sha1_hash"
    hash   = "00"
  }
  authentication {
    method = "bcrypt_hash"
    hash   = "$2y$12$short"
    salt   = "pepper"
  }
  authentication {
    method = "scram_sha256_hash"
    hash   = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    salt   = "no base64!"
  }
}
