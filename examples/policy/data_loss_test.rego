package main

step(what) := {"steps": [{
	"address": "tenant.acme.migration[\"schema/V2__drop.sql\"]",
	"risks": [{"what": what, "object": "tenant_acme.events"}],
}]}

test_a_dropped_table_is_denied if {
	deny["tenant.acme.migration[\"schema/V2__drop.sql\"]: drops table tenant_acme.events"] with input as step("drops table")
}

test_rows_are_kept_by_a_dropped_view if {
	count(deny) == 0 with input as step("drops view")
}

test_a_replacement_destroys if {
	change := {"address": "role.a", "type": "role", "change": {"actions": ["delete", "create"]}}
	warn["role.a: the role is destroyed"] with input as {"resource_changes": [change]}
}
