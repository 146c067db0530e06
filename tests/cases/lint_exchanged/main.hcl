# A table is made anew and exchanged with the one that is there: dropping it then drops the old rows.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

lint {
  deny = ["data-loss"]
}

tenant "acme" {}
