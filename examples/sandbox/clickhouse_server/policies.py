"""Row policies: the clauses of CREATE and ALTER ROW POLICY, and the filters that a login's queries get."""

from xml.sax.saxutils import escape, quoteattr


def apply(policy, clause):
    """Applies a clause."""
    if clause.name == "AS":
        policy.restrictive = clause.tokens[0].is_word("RESTRICTIVE")
    elif clause.name == "FOR SELECT USING":
        text = clause.text[len("FOR SELECT USING") :].strip()
        policy.filter = None if text == "NONE" else text


def clauses(policy):
    """Returns the clauses of SHOW CREATE ROW POLICY."""
    kind = "AS RESTRICTIVE " if policy.restrictive else ""
    return kind + (f"FOR SELECT USING {policy.filter}" if policy.filter is not None else "")


def filters(store, user, roles, tables_of):
    """Returns {(database, table): condition} for a user with these enabled roles.

    Permissive policies widen (OR), restrictive ones narrow (AND), as RowPolicyCache's FiltersMixer has it with
    `users_without_row_policies_can_read_rows`. `tables_of` lists a database's tables, for policies ON database.*.
    """
    found = {}
    for policy in store.of("policy").values():
        if policy.filter is None or not policy.to.reaches(user.name, roles):
            continue
        for table in [policy.table] if policy.table else tables_of(policy.database):
            found.setdefault((policy.database, table), ([], []))[policy.restrictive].append(policy.filter)
    return {place: _mixed(*conditions) for place, conditions in found.items()}


def _mixed(permissive, restrictive):
    parts = [" OR ".join(f"({c})" for c in permissive)] if permissive else []
    return " AND ".join(f"({c})" for c in parts + restrictive)


def xml(conditions):
    """Returns the <databases> of a user in users.xml."""
    tables = "".join(
        f"<database name={quoteattr(database)}><table name={quoteattr(table)}><filter>{escape(condition)}</filter></table></database>"
        for (database, table), condition in conditions.items()
    )
    return f"<databases>{tables}</databases>" if tables else ""
