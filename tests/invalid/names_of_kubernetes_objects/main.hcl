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
}

user "etl" {
  credentials {}
}

secret "etl" {
  credentials = user.etl
  data        = { "a key" = "x" }
}
