# The password was applied 91 days ago: a new one is made beside it.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  credentials {
    rotate_after = "90d"
    grace        = "12h"
    length       = 40
  }
}
