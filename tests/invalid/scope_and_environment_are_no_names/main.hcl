charter {
  scope       = "Platform Team"
  environment = "../production"
}

database "reporting" {}
