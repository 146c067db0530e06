# Someone gave the user another password on the server; a login shows it.
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
