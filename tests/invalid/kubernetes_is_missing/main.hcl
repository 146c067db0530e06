tenant "acme" {}

tenant "globex" {}
