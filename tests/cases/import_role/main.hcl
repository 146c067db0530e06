# A role made by hand: its settings and its grants are made as declared, in one step each.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "analyst" {
  settings = { max_threads = 4 }
  grant {
    privileges = ["SELECT"]
    on         = "reporting.*"
  }
}

import {
  to = role.analyst
}
