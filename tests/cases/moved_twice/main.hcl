# Two moves follow on each other: what an environment that lags behind still calls by the first name gets the last.
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

moved {
  from = role.reader
  to   = role.viewer
}

role "viewer" {}
