# A user made by hand has a way to log in that is not declared: the list is set as a whole.
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
