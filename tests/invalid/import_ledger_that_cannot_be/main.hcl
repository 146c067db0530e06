kubernetes {
  manifests = "out/manifests"
}

migrations "unknown_runner" {
  import_ledger {
    from = "flyway"
  }
}

migrations "table" {
  import_ledger {
    from  = "goose"
    table = "a.b.c"
  }
}

migrations "nothing" {
  import_ledger {}
}

tenant "two_folders" {
  migrations = ["one", "two"]

  import_ledger {
    from = "goose"
  }
}

tenant "another_folder" {
  migrations = ["one", "two"]

  import_ledger {
    from   = "goose"
    folder = "three"
  }
}
