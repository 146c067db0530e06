# A user made by hand, with a password that its Secret keeps: the password stays, hosts and grantees change.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

user "bi" {
  hosts    = ["10.0.0.0/8"]
  grantees = "none"
  credentials {}
}

secret "bi" {
  name        = "bi-clickhouse"
  credentials = user.bi
}

import {
  to = user.bi
}
