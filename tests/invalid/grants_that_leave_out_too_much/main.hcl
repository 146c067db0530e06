role "analyst" {
  grant {
    privileges = ["SELECT"]
    on         = "reporting.*"
    except     = ["reporting.secret", "billing.*", "reporting.*"]
  }
  grant {
    privileges = ["SELECT"]
    on         = "*.*"
    except     = ["a.b.c"]
  }
  grant {
    privileges = ["SELECT", "current  grants(ALL)"]
    on         = "*.*"
  }
}
