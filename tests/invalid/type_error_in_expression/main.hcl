locals {
  shards = 10 + "ten"
}

database "reporting" {
  comment = "on ${local.shards} shards"
}
