migrations "app" {
  import_ledger {
    from = "goose"
  }
}
