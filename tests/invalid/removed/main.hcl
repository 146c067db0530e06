removed {
  from      = tenant.initech
  data_loss = "allow"
}
