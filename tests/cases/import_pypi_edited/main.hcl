# clickhouse-migrations of PyPI applied a file that was edited since.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  import_ledger {
    from = "clickhouse-migrations-pypi"
  }
}
