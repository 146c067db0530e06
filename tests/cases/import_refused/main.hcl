# What is not there, what is another scope's, what is migrations: nothing of it can be imported.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "analyst" {}

role "shared" {
  settings = { max_threads = 4 }
}

user "ops" {
  hosts = ["10.0.0.0/8"]
  authentication {
    method = "ldap"
    server = "corp"
  }
}

migrations "global" {}

import {
  to = role.analyst
}

import {
  to = role.shared
}

import {
  to = user.ops
}

import {
  to = migrations.global
}
