"""What the engine knows about privileges, where users.xml reads a GRANT otherwise than SQL does, and who may read `system`."""

from .errors import ClickHouseError
from .lexer import quote_name, tokens

# Tables of `system` that every login may read (ContextAccess.cpp, always_accessible_tables); those of access entities the
# engine guards itself. For the rest a server wants a grant (select_from_system_db_requires_grant), which the library cannot.
_READABLE = {
    "one", "contributors", "licenses", "time_zones", "collations", "formats", "privileges", "data_type_families", "database_engines",
    "table_engines", "table_functions", "aggregate_function_combinators", "functions", "databases", "tables", "columns", "settings",
    "current_roles", "enabled_roles", "quota_usage",
}  # fmt: skip
_GUARDED = {
    "users", "roles", "grants", "role_grants", "settings_profiles", "settings_profile_elements", "quotas", "quota_limits",
    "quotas_usage", "row_policies",
}  # fmt: skip
_DEPTH = {"DATABASE": 1, "TABLE": 2, "VIEW": 2, "DICTIONARY": 2, "COLUMN": 3}


class Privileges:
    """The rows of system.privileges: (privilege, level)."""

    def __init__(self, rows):
        self.level = dict(rows)

    def spell_out(self, text, database):
        """Returns a canonical GRANT or REVOKE with the current database written out and `ALL` below `*.*` expanded.

        In SQL a table without a database means the current one, and `ALL ON db.*` leaves out what no database can hold;
        users.xml does neither.
        """
        found = list(tokens(text))
        out, at = [], 0
        for start, on, end in _elements(found):
            words = found[start:on]
            scope = found[on + 1 : end]
            names = " ".join(t.text for t in words)
            wide = len(scope) >= 3 and scope[0].is_op("*")
            has_dot = any(t.is_op(".") for t in scope)
            takes_object = self._is_parameterised(words)
            if words[-1].is_word("ALL") and not wide and not takes_object:
                depth = 1 if scope[-1].is_op("*") and has_dot else 2
                out.append(text[at : words[-1].start] + ", ".join(self._below(depth)))
                at = words[-1].end
            if not has_dot and names and not takes_object and not wide:
                out.append(text[at : scope[0].start] + quote_name(database) + ".")
                at = scope[0].start
        return "".join(out) + text[at:]

    def _is_parameterised(self, words):
        name = " ".join(t.text.upper() for t in words if not t.is_op("(", ")", ","))
        for prefix in ("GRANT OPTION FOR ",):
            name = name.removeprefix(prefix)
        level = self.level.get(name)
        if level is None:
            last = [w for w in self.level if name.endswith(w)]
            level = self.level.get(max(last, key=len)) if last else None
        return level not in (None, "") and level != "GLOBAL" and level not in _DEPTH

    def _below(self, depth):
        return [name for name, level in self.level.items() if _DEPTH.get(level, 0) >= depth]


def check_system_tables(found, database, login_name, grants):
    """Raises 497 for a query on a table of `system` that the login's grants (texts, in order) do not allow to read."""
    for table in _system_tables(found, database):
        if table not in _READABLE | _GUARDED and not _may_select(table, grants):
            text = f"{login_name}: Not enough privileges. To execute this query, it's necessary to have the grant SELECT ON system.{table}."
            raise ClickHouseError(497, text)


def _system_tables(found, database):
    for i, token in enumerate(found):
        rest = found[i + 1 : i + 4]
        if token.is_word("FROM", "JOIN") and rest and rest[0].is_name:
            if len(rest) > 2 and rest[1].is_op(".") and rest[0].value == "system":
                yield rest[2].value
            elif database == "system" and not (len(rest) > 1 and rest[1].is_op(".", "(")):
                yield rest[0].value


def _may_select(table, grants):
    allowed = False
    for text in grants:
        found = list(tokens(text))
        for start, on, end in _elements(found):
            scope = "".join(t.value for t in found[on + 1 : end])
            if scope in ("*.*", "system.*", f"system.{table}") and any(t.is_word("SELECT", "ALL") for t in found[start:on]):
                allowed = found[0].is_word("GRANT")
    return allowed


def _elements(found):
    """Yields (first privilege token, ON, end of scope) for each `privileges ON scope` of a statement."""
    at = 1
    if [t.text.upper() for t in found[1:4]] == ["GRANT", "OPTION", "FOR"]:
        at = 4
    while at < len(found):
        on = next((i for i in range(at, len(found)) if found[i].is_word("ON")), None)
        if on is None:
            return
        end = on + 1
        while end < len(found) and not found[end].is_op(",") and not found[end].is_word("WITH"):
            end += 1
        yield at, on, end
        at = end + 1 if end < len(found) and found[end].is_op(",") else len(found)
