user "bi" {
  credentials {}
}
