tenant "acme" {}

role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = "${tenant.acme.databse}.events"
  }
}
