# The lint block denies what loses data and allows what is noted; a comment allows one place.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

lint {
  deny  = ["data-loss"]
  allow = ["CH429", "CH11x"]
}

tenant "acme" {}
