charter {
  scope = "platform"
}

charter {
  environment = "production"
}
