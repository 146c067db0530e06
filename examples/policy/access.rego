# Who may get more access, and by whom that must be looked at first.
#
# The plan says in `access[]` what each role and user gains and loses in effect, whatever the grants
# look like, and in `widens` where that is more than before: it `reads` or `writes` what it could not,
# `grants_on` what it has, has `everything`, `manages_access`, `crosses_tenants`, `leaves_server` or
# `acts_as_others`. `ordinary` is the access that a tenant's own role and user get to its own database.
package main

# The principals that may get more without being asked about.
trusted := {"role platform"}

deny contains message if {
	some change in input.access
	not change.ordinary
	who := sprintf("%s %s", [change.type, change.principal])
	not who in trusted
	some widening in change.widens
	message := sprintf("%s: %s gets more access (%s): %s", [change.address, who, widening.way, widening.what])
}
