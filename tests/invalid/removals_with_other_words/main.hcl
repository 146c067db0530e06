removed {
  from      = database.reporting
  data_loss = true
  protected = "maybe"
}

removed {
  from = database.third

  lifecycle {
    destroy         = "no"
    prevent_destroy = false
  }

  grant {}
}
