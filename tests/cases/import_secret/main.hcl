# A Secret made by hand is taken over: what is declared of it is written, its other keys stay.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

secret "host" {
  data   = { host = "clickhouse.operations" }
  labels = { team = "data" }
}

import {
  to = secret.host
}
