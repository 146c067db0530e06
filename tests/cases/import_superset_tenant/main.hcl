# A SupersetTenant made by hand is taken over.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

superset_tenant "globex" {
  client_version = "0.8.18"
}

import {
  to = superset_tenant.globex
}
