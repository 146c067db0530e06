user "bi" {}
