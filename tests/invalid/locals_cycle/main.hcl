locals {
  one   = local.two
  two   = "${local.three}!"
  three = [local.one]
}
