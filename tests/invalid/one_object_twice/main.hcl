database "reporting" {}

database "reports" {
  name = "reporting"
}
