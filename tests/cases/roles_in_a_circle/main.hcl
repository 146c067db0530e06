# Three roles that have each other, by their names.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "first" {
  roles = ["second"]
}

role "second" {
  role_grant {
    role = "third"
  }
}

role "third" {
  roles = ["first"]
}
