variable "suffix" {
  default   = "x"
  sensitive = true
}

database "reporting" {
  name = "reporting_${var.suffix}"
}
