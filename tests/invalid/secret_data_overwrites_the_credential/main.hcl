kubernetes {
  manifests = "out/manifests"
}

user "bi" {
  credentials {}
}

secret "bi" {
  credentials = user.bi
  data        = { password = "mine", host = "clickhouse" }
}
