# Rights that a reviewer must not overlook: each kind is told once, with what makes it.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "dba" {
  grant {
    privileges = ["SYSTEM RELOAD", "S3", "ROLE ADMIN", "SELECT", "CREATE TEMPORARY TABLE"]
    on         = "*.*"
  }

  grant {
    privileges = ["SET DEFINER"]
    on         = "*"
  }
}

tenant "all" {
  privileges = ["ALL"]
}

role "reader" {
  grant {
    privileges = ["ALL"]
    on         = "reporting.*"
  }
}
