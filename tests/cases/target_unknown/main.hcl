# A target that is a typing mistake.
charter {
  scope = "platform"
}

role "analyst" {}
