"""Reads access statements in the engine's own canonical form (formatQuerySingleLine), never as a user wrote them.

The result says what to write; whether it may be written has been, or will be, the engine's decision.
"""

from dataclasses import dataclass, field

from .errors import not_supported
from .lexer import tokens
from .model import RoleSet

KINDS = {"user": "USER", "role": "ROLE", "profile": "SETTINGS PROFILE", "quota": "QUOTA", "policy": "ROW POLICY"}
_SETTINGS = [
    "SETTINGS", "ADD SETTING", "ADD SETTINGS", "ADD PROFILE", "ADD PROFILES", "MODIFY SETTING", "MODIFY SETTINGS", "DROP SETTING",
    "DROP SETTINGS", "DROP PROFILE", "DROP PROFILES", "DROP ALL SETTINGS", "DROP ALL PROFILES",
]  # fmt: skip
_CLAUSES = [
    "ADD IDENTIFIED", "NOT IDENTIFIED", "IDENTIFIED", "RESET AUTHENTICATION METHODS TO NEW", "ADD HOST", "DROP HOST", "HOST",
    "DEFAULT ROLE", "DEFAULT DATABASE", "ROLE", "VALID UNTIL", "GRANTEES", "RENAME TO", "IN", "ON CLUSTER", "VALID FOR", "GRANTS",
    *_SETTINGS,
]  # fmt: skip
_OF_KIND = {
    "profile": ["RENAME TO", "IN", "ON CLUSTER", "TO", *_SETTINGS],
    "quota": ["RENAME TO", "IN", "ON CLUSTER", "TO", "KEYED BY", "NOT KEYED", "FOR"],
    "policy": ["RENAME TO", "ON CLUSTER", "TO", "AS", "FOR SELECT USING"],
}


@dataclass
class Clause:
    """One clause of CREATE or ALTER: its keyword, its text and the tokens after the keyword."""

    name: str
    text: str
    tokens: list


@dataclass
class Entity:
    """CREATE, ALTER or DROP of access entities. The names of row policies are (short name, database or empty, table or `*`)."""

    action: str  # CREATE, ALTER, DROP
    kind: str  # user, role, profile, quota, policy
    names: list
    guard: str = ""  # IF NOT EXISTS, OR REPLACE, IF EXISTS
    clauses: list = field(default_factory=list)
    storage: str = ""


@dataclass
class Grant:
    """GRANT or REVOKE of privileges (`text` has no grantees) or of roles."""

    action: str  # GRANT, REVOKE
    text: str = ""
    roles: RoleSet = None
    grantees: RoleSet = None
    admin_option: bool = False
    replace: bool = False
    current: bool = False  # CURRENT GRANTS: `text` holds what is asked for


@dataclass
class DefaultRole:
    """SET DEFAULT ROLE."""

    roles: RoleSet
    users: list


class Reader:
    """A cursor over tokens."""

    def __init__(self, text):
        self.text, self.all, self.at = text, list(tokens(text)), 0

    def peek(self, offset=0):
        """The token at the cursor, or None."""
        at = self.at + offset
        return self.all[at] if at < len(self.all) else None

    def take(self):
        """Consumes a token."""
        self.at += 1
        return self.all[self.at - 1]

    def sees(self, phrase):
        """Tells whether the keywords come next."""
        words = phrase.split()
        return all((t := self.peek(i)) is not None and t.is_word(w) for i, w in enumerate(words))

    def accept(self, phrase):
        """Consumes the keywords if they come next."""
        if not self.sees(phrase):
            return False
        self.at += len(phrase.split())
        return True

    def comma(self):
        """Consumes a comma if it comes next."""
        if self.peek() is not None and self.peek().is_op(","):
            self.at += 1
            return True
        return False

    def name(self):
        """Consumes a name, or a placeholder for one as it stands."""
        first = last = self.take()
        while first.is_op("{") and not last.is_op("}"):
            last = self.take()
        return first.value if first is last else self.text[first.start : last.end]

    def names(self):
        """Consumes a list of names."""
        found = []
        while True:
            found.append(self.name())
            if self.peek() is not None and self.peek().is_op("@"):
                raise not_supported("a user name with @")
            if not self.comma():
                return found


def parse(text):
    """Reads a canonical access statement. Refuses with code 48 what the sandbox cannot hold."""
    reader = Reader(text)
    if reader.sees("GRANT") or reader.sees("REVOKE"):
        return _grant(reader)
    if reader.accept("SET DEFAULT ROLE"):
        roles = read_set(reader, stop="TO")
        reader.accept("TO")
        return DefaultRole(roles, reader.names())
    action = reader.take().text.upper()
    kind = next((k for k, words in KINDS.items() if reader.accept(words)), None)
    if action not in ("CREATE", "ALTER", "DROP") or kind is None:
        raise not_supported(f"{action} {reader.peek().text.upper()} …")
    statement = Entity(action, kind, [])
    statement.guard = next((g for g in ("IF NOT EXISTS", "OR REPLACE", "IF EXISTS") if reader.accept(g)), "")
    statement.names = list(policy_names(reader)) if kind == "policy" else reader.names()
    if action == "DROP":
        statement.storage = reader.names()[0] if reader.accept("FROM") else ""
    statement.clauses = list(_clauses(reader, _OF_KIND.get(kind, _CLAUSES)))
    return statement


def policy_names(reader):
    """Reads `a, b ON d.t, d.u, c ON d.*` as its (short name, database, table)."""
    while True:
        names = reader.names()
        if reader.sees("ON CLUSTER"):
            raise not_supported("ON CLUSTER")
        if not reader.accept("ON"):
            raise not_supported("a row policy without ON")
        while True:
            table = _table(reader)
            yield from ((name, *table) for name in names)
            if not reader.peek() or not reader.peek().is_op(","):
                return
            reader.comma()
            if not _another_table(reader):
                break


def _another_table(reader):
    """After a comma comes another table, unless it is a name with an ON of its own."""
    at = reader.at
    _table(reader)
    is_name = reader.sees("ON")
    reader.at = at
    return not is_name


def _table(reader):
    parts = []
    while True:
        parts.append("*" if reader.peek().is_op("*") else reader.peek().value)
        reader.at += 1
        if not reader.peek() or not reader.peek().is_op("."):
            return ("", *parts) if len(parts) == 1 else tuple(parts[:2])
        reader.at += 1


def _clauses(reader, known):
    while reader.peek() is not None:
        start = reader.peek().start
        reader.comma()
        name = next((c for c in known if reader.accept(c)), None)
        if name is None or name in ("ON CLUSTER", "VALID FOR", "GRANTS"):
            raise not_supported("the clause " + (name or reader.text[start:].split(" ")[0]))
        first = reader.at
        while reader.peek() is not None and not _ends_clause(reader, name, first, known):
            reader.at += 1
        end = reader.peek().start if reader.peek() is not None else len(reader.text)
        yield Clause(name, reader.text[start:end].strip().lstrip(",").strip(), reader.all[first : reader.at])


def _ends_clause(reader, name, first, known):
    """A clause runs up to the next clause's keyword; SETTINGS and IDENTIFIED lists hold commas, roles may be called anything."""
    if name in ("IDENTIFIED", "ADD IDENTIFIED") and reader.sees("VALID UNTIL"):
        return _follows_expiry(reader)
    if name == "FOR SELECT USING" and not (reader.sees("TO") and _depth(reader, first) == 0):
        return False
    if reader.at == first and not name.startswith(("RESET", "NOT", "DROP ALL")):
        return False
    if reader.peek().is_op(","):
        return any(_sees_after_comma(reader, c) for c in known if c.startswith(("ADD ", "MODIFY ", "DROP ")))
    if reader.peek(-1).is_op(",", "="):
        return False
    return any(reader.sees(c) for c in known)


def _depth(reader, first):
    return sum(t.is_op("(", "[") - t.is_op(")", "]") for t in reader.all[first : reader.at])


def _follows_expiry(reader):
    """A second VALID UNTIL in a row is the one for all methods (25.8 writes it last, even where it was sent first)."""
    before = (reader.peek(-3), reader.peek(-2))
    return all(t is not None and t.is_word(word) for t, word in zip(before, ("VALID", "UNTIL")))


def _sees_after_comma(reader, phrase):
    reader.at += 1
    seen = reader.sees(phrase)
    reader.at -= 1
    return seen


def read_set(reader, stop=None):
    """Reads `ALL`, `NONE`, `ANY`, a list of names, or `ALL EXCEPT` a list."""
    if reader.accept("NONE"):
        return RoleSet(all=False)
    if reader.accept("ALL") or reader.accept("ANY"):
        return RoleSet(excluded=reader.names() if reader.accept("EXCEPT") else [])
    return RoleSet(all=False, names=reader.names())


def set_of(clause):
    """Reads the RoleSet in a clause."""
    reader = Reader("")
    reader.all = clause.tokens
    return read_set(reader)


def _grant(reader):
    action = reader.take().text.upper()
    link = "TO" if action == "GRANT" else "FROM"
    first = reader.at
    depth, last, has_scope = 0, None, False
    for i in range(first, len(reader.all)):
        token = reader.all[i]
        depth += token.is_op("(") - token.is_op(")")
        has_scope = has_scope or (depth == 0 and token.is_word("ON") and last is None and i > first)
        if depth == 0 and token.is_word(link) and last is None and i > first:
            last = i
    if reader.sees("ON CLUSTER"):
        raise not_supported("ON CLUSTER")
    if last is None:
        raise not_supported("this form of " + action)
    statement = Grant(action)
    body = reader.text[reader.all[first].start : reader.all[last].start].strip()
    if reader.sees("CURRENT GRANTS"):
        statement.current = has_scope = True
        body = body[body.index("(") + 1 : -1]
    if not has_scope:
        statement.admin_option = reader.accept("ADMIN OPTION FOR")
        statement.roles = read_set(reader)
    reader.at = last + 1
    statement.grantees = read_set(reader)
    suffix = ""
    while reader.peek() is not None:
        if reader.accept("WITH ADMIN OPTION"):
            statement.admin_option = True
        elif reader.accept("WITH REPLACE OPTION"):
            statement.replace = True
        elif reader.accept("WITH GRANT OPTION"):
            suffix = " WITH GRANT OPTION"
        else:
            raise not_supported(reader.text[reader.peek().start :])
    if has_scope:
        statement.text = f"{action} {body}{suffix}"
    return statement
