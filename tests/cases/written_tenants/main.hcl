# Tenants as today's runner makes them, and such as differ: what a tenant cannot say is written as its parts.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}
