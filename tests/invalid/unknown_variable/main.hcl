variable "environment" {
  default = "development"
}

charter {
  environment = var.enviroment
}
