lint {
  deny  = ["CH4122", "data-los", "CH9xx"]
  allow = ["CH412"]
}
