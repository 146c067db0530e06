locals {
  listed = lines(file("migrations/tenants.txt"))
  port   = tonumber("http")
}

database "reporting" {
  comment = join(",", local.listed)
}

role "analyst" {
  name = format("%s-%d", "x")
}
