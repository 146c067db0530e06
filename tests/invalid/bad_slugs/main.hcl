kubernetes {
  manifests = "out/manifests"
}

tenant "Acme" {}

tenant "listed" {
  for_each = toset(["1st", "has-dash", "way_too_long_for_a_slug_because_it_goes_on_and_on_and_on"])
  slug     = each.key
}
