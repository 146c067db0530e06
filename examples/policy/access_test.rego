package main

access(fields) := {"access": [object.union(
	{
		"address": "role.analyst.grants",
		"type": "role",
		"principal": "analyst",
		"ordinary": false,
		"widens": [{"way": "reads", "what": "read finance.* (SELECT)", "tenants": []}],
	},
	fields,
)]}

test_more_access_is_denied if {
	deny["role.analyst.grants: role analyst gets more access (reads): read finance.* (SELECT)"] with input as access({})
}

test_a_tenants_own_access_passes if {
	count(deny) == 0 with input as access({"ordinary": true})
}

test_who_is_trusted_passes if {
	count(deny) == 0 with input as access({"principal": "platform"})
}
