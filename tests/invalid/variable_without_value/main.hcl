variable "environment" {
  type = string
}

charter {
  environment = var.environment
}
