kubernetes {
  manifests = "out/manifests"
}

user "bi" {
  hosts = ["10.0.0.0/33", "localhost"]
  credentials {
    length = 4
  }
}

user "etl" {
  hosts = []
  credentials {}
}

secret "bi" {
  credentials = user.bi
}

secret "etl" {
  credentials = user.etl
}
