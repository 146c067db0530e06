# What a removed block asked for is done: the block may stay, and says nothing.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

tenant "acme" {}

removed {
  from = role.analyst
}
