kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}

role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = "${tenant.acme.databse}.events"
  }
}
