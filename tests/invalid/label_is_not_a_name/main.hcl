role "a b" {}

role "a`b" {}

role "${var.x}" {}

role {}

role "a" "b" {}
