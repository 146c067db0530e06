# What another scope made is only forgotten: whether this one claimed it, or has it on record, too.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

removed {
  from      = database.shared
  data_loss = "allow"
}

removed {
  from      = database.common
  data_loss = "allow"
}
