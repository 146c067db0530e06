# charter:allow CH245
role "a" {}

role "b" {} # charter:allow CH999 because
role "c" {
  # charter:allow CH245 nothing follows in the file
}
