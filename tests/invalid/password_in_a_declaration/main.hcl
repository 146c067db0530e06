user "plain" {
  authentication {
    method = "plaintext_password"
  }
}

user "typo" {
  authentication {
    method = "bcrypt_hahs"
    hash   = "anything"
  }
}

user "token" {
  authentication {
    method = "jwt"
  }
}
