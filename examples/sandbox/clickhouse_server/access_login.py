"""Puts an access statement of a login to the engine with the login's own rights, in an opening that may be behind.

Reopening for each statement would cost most of the time of a long series of them. An opening that is behind still has
the login's own rights (else it is not used); what it may lack are users and roles made since. These are put in terms of
what the engine knows wherever that leaves the engine's decision the same.
"""

from . import access_parse
from .lexer import quote_name

PROBE_ROLE = "sandbox_probe_role"  # in every users.xml; nobody has it, nobody may administer it in particular
_ROLE_CLAUSES = ("DEFAULT ROLE", "ROLE", "GRANTEES")


def restated(statement, text, changed):
    """Returns the statement for an opening that is behind by the `changed` entities, (kind, name), or None if that cannot be."""
    names = {name for _, name in changed}
    if isinstance(statement, access_parse.Grant):
        return _grant(statement, names)
    if isinstance(statement, access_parse.DefaultRole):
        return f"SET DEFAULT ROLE {_set(statement.roles, names)} TO {', '.join(map(quote_name, statement.users))}"
    out, at = [], 0
    for token in (t for c in statement.clauses if c.name in _ROLE_CLAUSES for t in c.tokens):
        if token.is_name and token.value in names:
            out.append(text[at : token.start] + PROBE_ROLE)
            at = token.end
    return "".join(out) + text[at:]


def _grant(statement, names):
    """A GRANT is checked against the grantor, a REVOKE and a replacement also against what the grantee has."""
    grantees = statement.grantees.names + statement.grantees.excluded
    if statement.action == "REVOKE" or statement.replace or statement.grantees.all:
        return None if statement.grantees.all or names.intersection(grantees) else ""
    option = " WITH ADMIN OPTION" if statement.admin_option else ""
    if statement.roles is not None:
        return f"GRANT {_set(statement.roles, names)} TO default{option}"
    if statement.current:
        return "GRANT CURRENT GRANTS(ALL ON *.*) TO default"
    head, _, grant_option = statement.text.partition(" WITH GRANT OPTION")
    return f"{head} TO default" + (" WITH GRANT OPTION" if head != statement.text else "") + grant_option


def _set(roles, names):
    """Spells a set of roles, with the probe's role for those that the engine may not know."""
    known = [PROBE_ROLE if name in names else quote_name(name) for name in (roles.excluded if roles.all else roles.names)]
    listed = ", ".join(dict.fromkeys(known))
    if roles.all:
        return "ALL" + (f" EXCEPT {listed}" if listed else "")
    return listed or "NONE"


def is_behind(statement, error, store):
    """Tells whether a refusal only says that the engine does not know yet whom the statement alters or drops.

    The engine looks for these after it has checked all else.
    """
    if not isinstance(statement, (access_parse.Entity, access_parse.DefaultRole)):
        return False
    kind, names = ("user", statement.users) if isinstance(statement, access_parse.DefaultRole) else (statement.kind, statement.names)
    return any(f"no {kind} `{name}` in" in error.text and name in store.of(kind) for name in names)
