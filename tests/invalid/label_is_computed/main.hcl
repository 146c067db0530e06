variable "team" {
  default = "bi"
}

role "${var.team}" {}
