# A newer version recorded a kind that this one does not know.
charter {
  scope = "platform"
}

role "analyst" {}
