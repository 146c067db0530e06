role "a`b" {}

role {}

role "a" "b" {}
