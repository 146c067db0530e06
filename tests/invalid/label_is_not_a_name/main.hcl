role "a b" {}

role "a`b" {}

role {}

role "a" "b" {}
