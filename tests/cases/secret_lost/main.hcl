# The Secret is gone: ClickHouse gets a new password beside the old one.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
