# Two blocks swapped their labels and kept their names: no move is needed, and no object is touched.
charter {
  scope = "platform"
}

kubernetes {
  manifests = "out/manifests"
}

role "a" {
  name = "b"
}

role "b" {
  name = "a"
}
