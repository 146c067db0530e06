# Durations that are none, and a password that is due before the old one is retired.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out"
}

tenant "acme" {
  credentials {
    rotate_after = "soon"
    grace        = "0h"
  }
}

tenant "globex" {
  credentials {
    rotate_after = "30m"
  }
}
