# A run was killed around an INSERT; the table has rows that nobody can tell from those of another writer.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}
