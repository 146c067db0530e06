# The grace of the old password is over.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  credentials {
    grace = "1h"
  }
}
