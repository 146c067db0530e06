# The block below is written as one line with two attributes, which HCL does not have.
database "reporting" { comment = "shared", name = "reporting" }

role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = 'reporting.*'
  }
}
