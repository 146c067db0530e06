# golang-migrate applied the files up to its version.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  import_ledger {
    from = "golang-migrate"
  }
}
