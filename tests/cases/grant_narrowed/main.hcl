# The live grant is wider than the declared one, so that a plain REVOKE would take the declared
# right along.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = "reporting.events"
  }
}
