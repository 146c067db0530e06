# The tenants of a list: one block for every line of migrations/development/tenants.txt, all by convention.
#
# Each gets a database, a role with the base grants, a user, a Secret and the files of its own schema folder. A new
# customer is a new line and a new folder. One of them is different, so it has a block of its own.

charter {
  scope       = "demo"
  environment = "development"
}

clickhouse {
  url      = env("CLICKHOUSE_URL")
  user     = env("CLICKHOUSE_USER", "default")
  password = env("CLICKHOUSE_PASSWORD", "")
}

kubernetes {
  manifests = "out/manifests"
}

locals {
  slugs = toset(lines(file("migrations/development/tenants.txt")))
  own   = ["demo_globex"]
}

tenant "listed" {
  for_each = toset([for slug in local.slugs : slug if !contains(local.own, slug)])
  slug     = each.key
}

tenant "demo_globex" {
  organization = "demo-globex-corp"
  privileges   = ["SELECT", "INSERT", "ALTER", "CREATE"]

  credentials {
    length = 40
  }
}
