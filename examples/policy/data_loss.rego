# What a plan of charter must not take away.
#
#   charter plan --format json > plan.json
#   conftest test --policy examples/policy plan.json
#
# The plan says in `steps[].risks` what each step takes away, by the real names: `what` is such as
# "drops table" or "deletes rows of", `object` is such as "tenant_acme.events". It is worked out from
# the statements themselves, those of migrations too. Rows are at stake where `what` begins with one of
# `loses_rows`. Leave a line out of it to allow that.
#
# The objects that charter itself destroys stand where terraform's do: in `resource_changes`, with the
# action "delete". Policies that were written for terraform find them there.
package main

loses_rows := [
	"deletes expired rows of",
	"deletes rows of",
	"detaches",
	"drops a detached part",
	"drops a part",
	"drops column",
	"drops database",
	"drops table",
	"empties",
	"forgets a partition of",
	"overwrites rows of",
	"replaces",
	"runs what is not understood",
]

deny contains message if {
	some step in input.steps
	some risk in step.risks
	strings.any_prefix_match(risk.what, loses_rows)
	message := sprintf("%s: %s %s", [step.address, risk.what, risk.object])
}

# A replacement deletes, too: its actions are ["delete", "create"] or ["create", "delete"].
warn contains message if {
	some change in input.resource_changes
	"delete" in change.change.actions
	message := sprintf("%s: the %s is destroyed", [change.address, change.type])
}
