role "analyst" {}

import {
  to = role.analyst
}

removed {
  from      = tenant.initech
  data_loss = "allow"
}
