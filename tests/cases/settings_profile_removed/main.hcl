# Nothing declares the profiles any more, nor the roles that have them: dependents go first.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}
