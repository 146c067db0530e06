variable "environment" {
  default = "staging"

  validation {
    condition     = contains(["development", "production"], var.environment)
    error_message = "environment is development or production."
  }
}
