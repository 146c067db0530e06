# prevent_destroy is recorded on the server, and so is that it is no more.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}

role "audit" {
  lifecycle {
    prevent_destroy = true
  }
}

role "analyst" {
  lifecycle {
    prevent_destroy = false
  }
}
