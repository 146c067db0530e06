# The table that import_ledger names is not that runner's.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  import_ledger {
    from = "dbmate"
  }
}
