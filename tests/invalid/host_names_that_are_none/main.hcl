user "bi" {
  hosts             = ["jobs.example.com"]
  host_names        = ["a b"]
  host_names_regexp = ["("]
  host_names_like   = [""]
  authentication {
    method = "kerberos"
  }
}
