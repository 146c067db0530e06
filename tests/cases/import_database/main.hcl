# A database made by hand gets its comment; its tables are left alone.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

database "reporting" {
  comment = "shared aggregates"
}

import {
  to = database.reporting
}
