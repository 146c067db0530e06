tenant "acme" {
  organisation = "acme-corp"
}
