# Names on the servers that would break quoting, the terminal or the page, had they their way.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
