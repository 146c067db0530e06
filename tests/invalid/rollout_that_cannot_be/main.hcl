kubernetes {
  manifests = "out"
}
rollout {
  canary       = ["acme", "acme", "globe", "q"]
  batch        = 0
  max_failures = 1.5
}
tenant "acme" {}
tenant "globex" {}
