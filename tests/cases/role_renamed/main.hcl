# A role gets another name; a user that nothing declares holds it, and so does another grant.
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
