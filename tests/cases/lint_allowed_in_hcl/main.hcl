# A comment above a tenant allows a finding of its migrations, although the block denies it.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

lint {
  deny = ["CH104"]
}

# charter:allow CH104 nobody uses this tenant yet
tenant "acme" {}
