# Today's bootstrap files say what the tenant block declares: they are recorded and not run. Another
# file of the folder runs as charter's own user.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
