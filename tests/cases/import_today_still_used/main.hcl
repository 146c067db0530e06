# Today's runner applied another file after charter imported its ledger, and one that has no file here.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
