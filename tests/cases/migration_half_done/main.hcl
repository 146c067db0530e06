# An INSERT failed after it had written some rows: run again as it is, it would write those twice.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
