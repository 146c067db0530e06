# The same scope recorded the role on this server for production.
charter {
  scope = "platform"
}

role "analyst" {}
