role "analyst" {}

import {
  to = role.analyst
}
