role "reader" {
  for_each = toset(["", "acme"])
  name     = "reader_${each.key}"
}
