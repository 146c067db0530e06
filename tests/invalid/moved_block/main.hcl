tenant "acme" {}

moved {
  from = tenant.acme_old
  to   = tenant.acme
}
