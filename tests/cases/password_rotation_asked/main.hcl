# A rotation that is asked for, in the grace of another.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  credentials {
    grace = "2h"
  }
}
