# The table that import_ledger names is not there.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  import_ledger {
    from  = "dbmate"
    table = "meta.migrations"
  }
}
