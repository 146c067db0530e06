database "reporting" {
  comment = uper("shared")
}
