# A user made by hand, and nobody kept its password: a new one comes beside it.
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
