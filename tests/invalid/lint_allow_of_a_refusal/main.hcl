migrations "acme" {}
