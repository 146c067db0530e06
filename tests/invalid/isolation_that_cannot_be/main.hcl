isolation {
  administrator  = ["default"]
  administrators = ["default", "*"]
  shared         = ["reporting"]
}
