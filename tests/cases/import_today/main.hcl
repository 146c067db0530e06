# Today's runner applied two files of three: its table is taken over, they are recorded, the third is run.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
