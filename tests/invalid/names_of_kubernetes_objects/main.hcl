kubernetes {
  manifests = "out/manifests"
  namespace = "Operations"
}

user "bi" {
  credentials {}
}

secret "bi" {
  name        = "../etc/passwd"
  credentials = user.bi
  data        = { "a key" = "x" }
}
