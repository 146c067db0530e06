tenant "acme" {
  organization = "${each.key}-corp"
}
