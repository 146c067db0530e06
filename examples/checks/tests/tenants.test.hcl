# What is planned, without a server: `charter test` in the folder above.

run "first_run" {
  assert {
    condition     = plan.steps["tenant.listed[\"demo_acme\"].database"].action == "create"
    error_message = "The first run makes the tenant's database."
  }

  assert {
    condition     = contains(plan.sql, "CREATE ROLE `demo_auditor`")
    error_message = "The first run makes the role of auditors."
  }

  assert {
    condition     = plan.summary.delete == 0 && plan.applyable
    error_message = "The first run removes nothing."
  }
}

run "auditors_only_read" {
  expected = "auditor.txt"
  targets  = [role.auditor]
  sql      = false
}

run "a_made_role_is_found" {
  observed = "auditor.json"
  targets  = [role.auditor]

  assert {
    condition     = plan.steps["role.auditor.grants"].action == "update"
    error_message = "Somebody granted INSERT by hand; the plan takes it back."
  }

  assert {
    condition     = anytrue([for sql in plan.sql : startswith(sql, "REVOKE INSERT")])
    error_message = "What was granted by hand is revoked."
  }
}

run "too_many" {
  variables {
    tenants = { acme = 1, globex = 2, initech = 3 }
  }

  expect_failures = [check.room]
}

run "no_test_tenants_in_production" {
  variables {
    environment = "production"
    tenants     = { test_one = 1 }
  }

  expect_failures = [tenant.listed]
}

run "no_other_environment" {
  variables {
    environment = "staging"
  }

  expect_failures = [var.environment]
}
