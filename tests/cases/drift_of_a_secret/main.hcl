# Another field manager changed a value of a Secret and a label; a third value changed in the file: charter
# still owns its field.
charter {
  scope = "platform"
}

kubernetes {
  context   = "prod"
  namespace = "operations"
}

variable "token" {
  sensitive = true
  default   = "correct-horse-battery-staple"
}

variable "key" {
  sensitive = true
  default   = "correct-horse-battery-staple"
}

secret "app" {
  namespace = "operations"
  data      = { host = "ch.example", token = var.token, key = var.key }
  labels    = { team = "data" }
}
