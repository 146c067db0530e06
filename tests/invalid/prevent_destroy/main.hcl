database "reporting" {
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [coment]
  }
}
