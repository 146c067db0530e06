lint {
  deny  = ["CH24x", "CH431"]
  allow = ["CH431", "CH2xx"]
}
