# The folder that was given up has nothing left that counts: nothing to do.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

removed {
  from = migrations.reporting
}
