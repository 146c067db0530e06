# A protected tenant is removed where the block overrides that.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

database "reporting" {}

removed {
  from      = tenant.acme
  data_loss = "allow"
  protected = "override"
}
