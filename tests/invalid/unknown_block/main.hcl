tennant "acme" {}
