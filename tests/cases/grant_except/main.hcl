# A grant that leaves something out: what is there is kept, and the REVOKE follows the GRANT.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "auditor" {
  grant {
    privileges = ["SELECT"]
    on         = "*.*"
    except     = ["billing.*", "app.users(password)"]
  }
}
