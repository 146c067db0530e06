# How users may log in. No password is ever in a plan; how a user logs in is.
package main

forbidden := {
	"no_password": "logs in without a password",
	"double_sha1_hash": "has a password without a salt (double SHA1)",
}

deny contains message if {
	some change in input.resource_changes
	change.type == "user"
	some method in change.change.after.authentication
	why := forbidden[split(method, " ")[0]]
	message := sprintf("%s: the user %s: %s", [change.address, why, method])
}

# CH317: the password is due, and a rotation would cut clients off.
deny contains message if {
	some finding in input.findings
	finding.code == "CH317"
	message := sprintf("%s: %s", [finding.address, finding.summary])
}
