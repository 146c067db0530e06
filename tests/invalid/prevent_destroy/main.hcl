database "reporting" {
  lifecycle {
    prevent_destroy = var.protected
    prevent_destory = true
    ignore_changes  = [coment]
  }
}

variable "protected" {
  default = true
}
