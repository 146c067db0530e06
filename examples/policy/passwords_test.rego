package main

user(method) := {"resource_changes": [{
	"address": "user.kiosk",
	"type": "user",
	"change": {"actions": ["create"], "after": {"authentication": [method]}},
}]}

test_no_password_is_denied if {
	deny["user.kiosk: the user logs in without a password: no_password"] with input as user("no_password")
}

test_a_salted_hash_passes if {
	count(deny) == 0 with input as user("sha256_hash until 2090-01-31T12:00:00Z")
}

test_a_user_that_goes_passes if {
	count(deny) == 0 with input as {"resource_changes": [{"address": "user.kiosk", "type": "user", "change": {"actions": ["delete"], "after": null}}]}
}
