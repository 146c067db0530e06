kubernetes {
  manifests = "out/manifests"
}

user "bi" {
  credentials {}
}

secret "one" {
  credentials = user.bi
}

secret "two" {
  credentials = user.bi
}
