# A user that logs in without a password, and a role that it holds: the policies of examples/policy deny it.
charter {
  scope = "platform"
}

role "reports" {}

user "kiosk" {
  roles = [role.reports]
  hosts = ["10.0.0.0/8"]

  authentication {
    method = "no_password"
  }
}
