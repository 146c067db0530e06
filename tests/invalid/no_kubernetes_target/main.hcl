kubernetes {
  namespace = "operations"
}
