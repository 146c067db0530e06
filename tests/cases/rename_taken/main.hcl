# Somebody made a role of the new name already.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

moved {
  from = role.analyst
  to   = role.reader
}

role "reader" {
  grant {
    privileges = ["SELECT"]
    on         = "reporting.*"
  }
}

grant "more" {
  to         = role.reader
  privileges = ["SELECT"]
  on         = "staging.*"
}
