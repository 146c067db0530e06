# The declared user exists in users.xml, where no statement changes it.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

user "bi" {
  hosts = ["10.0.0.0/8"]
  credentials {}
}

secret "bi" {
  credentials = user.bi
}
