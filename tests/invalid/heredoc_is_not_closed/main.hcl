database "reporting" {
  comment = <<EOT
shared aggregates
}

role "analyst" {}
