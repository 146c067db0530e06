variable "names" {
  default = ["analyst", "read_everything_there_is"]
}

role "one" {
  for_each = toset(concat(var.names, ["reader_of_all_reports"]))
  name     = each.key

  lifecycle {
    precondition {
      condition     = length(each.key) <= 10
      error_message = "The name ${each.key} is longer than our tools show."
    }
  }
}
