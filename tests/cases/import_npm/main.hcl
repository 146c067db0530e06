# clickhouse-migrations of npm applied two files; one was edited for charter.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  import_ledger {
    from             = "clickhouse-migrations-npm"
    verify_checksums = false
  }
}
