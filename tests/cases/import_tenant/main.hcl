# All of a tenant is taken over: its role may do more than declared, its SupersetTenant differs.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  superset {
    connection_name = "ClickHouse"
    client_version  = "0.8.18"
  }
}

import {
  to = tenant.acme
}
