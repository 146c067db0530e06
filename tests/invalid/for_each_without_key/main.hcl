kubernetes {
  manifests = "out/manifests"
}

tenant "listed" {
  for_each = toset(["acme", "globex"])
  slug     = each.key
}

role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = "${tenant.listed.database}.events"
  }
}
