kubernetes {
  manifests = "out/manifests"
}

user "bi" {
  hosts = ["10.0.0.0/33", "localhost"]
  credentials {
    length = 4
  }
}

secret "bi" {
  credentials = user.bi
}
