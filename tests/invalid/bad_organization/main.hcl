kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {
  organization = "Acme Corp."
}

tenant "globex" {
  organization = "a-name-that-is-longer-than-the-sixty-three-characters-that-a-label-may-have"
}
