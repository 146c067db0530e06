observed = "x.json"

rnu "a" {}

run "b" {
  comand  = plan
  command = apply
  targets = ["role.analyst"]
  width   = 3

  assert {
    condition = plan.summary
  }
}

run "b" {}
