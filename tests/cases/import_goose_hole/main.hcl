# goose took a file back before it applied a later one: what is missing comes before what is applied.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  import_ledger {
    from = "goose"
  }
}
