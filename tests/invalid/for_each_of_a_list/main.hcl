tenant "listed" {
  for_each = ["acme", "globex"]
  slug     = each.key
}
