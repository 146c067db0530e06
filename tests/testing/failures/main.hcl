variable "count" {
  type    = number
  default = 1

  validation {
    condition     = var.count > 0
    error_message = "There is at least one."
  }
}

variable "token" {
  default   = "a-long-and-secret-token"
  sensitive = true
}

kubernetes {
  manifests = "out"
}

role "analyst" {
  lifecycle {
    precondition {
      condition     = var.count < 10
      error_message = "Ten are too many."
    }
  }
}

check "few" {
  assert {
    condition     = var.count < 5
    error_message = "There are ${var.count}; five are many."
  }
}
