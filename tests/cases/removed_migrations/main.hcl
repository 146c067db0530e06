# A folder of migrations is given up: what was applied stays recorded, and counts no longer.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

removed {
  from = migrations.reporting
}
