# golang-migrate stopped in the middle of a file.
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
