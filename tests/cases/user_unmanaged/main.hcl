# How a user logs in is left alone; its hosts and its end are not. One that is not there cannot be made.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

user "bi" {
  hosts       = ["10.0.0.0/8"]
  valid_until = "2090-01-31T12:00:00Z"
  authentication {
    method = "unmanaged"
  }
}

user "gone" {
  authentication {
    method = "unmanaged"
  }
}
