"""What a statement is: its kind, its output format, where an INSERT's data starts, and whether it is one statement."""

import re
from dataclasses import dataclass, field

from .errors import ClickHouseError, not_supported
from .lexer import quote_name, quote_string, tokens

READS = {"SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN", "CHECK", "FROM", "VALUES"}
ACCESS_ENTITIES = {"USER", "ROLE", "QUOTA", "ROW", "POLICY", "SETTINGS", "PROFILE", "MASKING"}
ACCESS_TABLES = {
    "users", "roles", "grants", "role_grants", "settings_profiles", "settings_profile_elements", "quotas", "quota_limits", "row_policies",
}  # fmt: skip
ACCESS_SHOWS = {"GRANTS", "USERS", "ROLES", "ACCESS", "SETTINGS", "PROFILES", "QUOTAS", "ROW", "POLICIES"}
# Functions that read no table and depend on nothing that differs between logins.
_PURE = {
    "currentuser", "user", "version", "now", "today", "hostname", "timezone", "uptime", "currentdatabase", "database",
    "tostring", "touint8", "touint64", "toint64", "todate", "todatetime", "sleep", "concat", "length", "upper", "lower",
    "plus", "minus", "now64", "todatetime64", "formatquery", "formatquerysingleline", "tuple", "array", "throwif",
}  # fmt: skip
_BARE = {"SELECT", "NULL", "TRUE", "FALSE", "AND", "OR", "NOT", "FORMAT", "AS"}


@dataclass
class Statement:
    """One statement as received, with what its tokens tell."""

    text: str
    tokens: list = field(default_factory=list)
    head: str = ""  # an INSERT up to its data, or ""
    settings: str = ""  # the SETTINGS clause of such an INSERT
    data: bytes = b""
    data_format: str = ""

    @property
    def first(self):
        """The first keyword in upper case, parentheses skipped."""
        return next((t.text.upper() for t in self.tokens if not t.is_op("(")), "")

    def words(self, count=8):
        """The first tokens in upper case."""
        return [t.text.upper() for t in self.tokens[:count]]

    @property
    def kind(self):
        """`read`, `write` or `access`."""
        if self.is_access:
            return "access"
        return "read" if self.first in READS else "write"

    @property
    def is_access(self):
        """Tells whether the statement writes users, roles, grants, quotas, policies or profiles."""
        words = self.words(3) + ["", "", ""]
        if words[0] in ("GRANT", "REVOKE"):
            return True
        if words[0] == "SET":
            return words[1:3] == ["DEFAULT", "ROLE"]
        if words[0] == "MOVE":
            return words[1] in ACCESS_ENTITIES
        if words[0] not in ("CREATE", "ALTER", "DROP"):
            return False
        if words[1] == "SETTINGS":
            return words[2] == "PROFILE"
        return words[1] in ACCESS_ENTITIES

    @property
    def reads_access(self):
        """Tells whether the answer depends on users, roles or grants (a wide net: a name is enough)."""
        if self.first == "SHOW":
            return bool(ACCESS_SHOWS.intersection(self.words(2)))
        return any(t.is_name and t.value.lower() in ACCESS_TABLES for t in self.tokens)

    @property
    def is_table_less(self):
        """Tells whether the statement is a SELECT of constants and pure functions."""
        if self.first != "SELECT" or not self.tokens[0].is_word("SELECT"):
            return False
        previous = None
        for token, following in zip(self.tokens, self.tokens[1:] + [None]):
            if token.is_name and not _is_harmless(token, previous, following):
                return False
            if token.kind == "op" and token.text in ";{":
                return False
            previous = token
        return True

    @property
    def output_format(self):
        """The name in the statement's FORMAT clause, or an empty string."""
        found, depth = "", 0
        for token, following in zip(self.tokens, self.tokens[1:]):
            depth += token.is_op("(", "[") - token.is_op(")", "]")
            if depth == 0 and token.is_word("FORMAT") and following.kind == "word":
                found = following.text
        return found

    def with_login(self, login):
        """Returns the text with `currentUser()` and `user()` of a query written out as the login's name.

        A query only: in a definition that is kept (a view, a default) the text must stay.
        """
        if self.first not in ("SELECT", "WITH", "INSERT"):
            return self.text
        out, at, depth = [], 0, 0
        for i, token in enumerate(self.tokens):
            depth += token.is_op("(", "[") - token.is_op(")", "]")
            if not (token.is_word("CURRENTUSER", "USER", "CURRENT_USER") and _is_call(self.tokens, i)):
                continue
            after = self.tokens[i + 3] if i + 3 < len(self.tokens) else None
            alias = depth == 0 and (after is None or after.is_op(",", ";") or after.is_word("FORMAT", "FROM", "SETTINGS"))
            out.append(self.text[at:token.start] + quote_string(login))
            out.append(f" AS {quote_name(token.text + '()')}" if alias else "")
            at = self.tokens[i + 2].end
        return "".join(out) + self.text[at:]

    def without_sync(self):
        """Returns a DROP without its SYNC: the older libraries never start the thread that it would wait for.

        The name is free at once all the same; only the files stay until later.
        """
        for i, token in enumerate(self.tokens):
            after = self.tokens[i + 1] if i + 1 < len(self.tokens) else None
            if i > 2 and token.is_word("SYNC") and (after is None or after.is_op(";") or after.is_word("SETTINGS", "FORMAT")):
                return self.text[: token.start] + self.text[token.end :]
        return self.text


def _is_call(found, i):
    return i + 2 < len(found) and found[i + 1].is_op("(") and found[i + 2].is_op(")") and not (i and found[i - 1].is_op("."))


def _is_harmless(token, previous, following):
    if previous is not None and previous.is_word("AS", "FORMAT"):
        return True
    if following is not None and following.is_op("("):
        return token.kind == "word" and token.text.lower() in _PURE
    return token.kind == "word" and token.text.upper() in _BARE


def parse(query, body, default_format):
    """Reads a request's statement: the `query` parameter and the body, either of which may be empty.

    Raises code 62 where the text holds more than one statement, as the HTTP interface does.
    """
    text = query if query else body.decode("utf-8", "surrogateescape")
    rest = body if query else b""
    insert = _split_insert(text, rest, default_format)
    if insert:
        return insert
    if query and rest:
        text = query + "\n" + rest.decode("utf-8", "surrogateescape")
    statement = Statement(text, list(tokens(text)))
    if not statement.tokens:
        raise ClickHouseError(62, "Syntax error: failed at position 1 (end of query): . Empty query")
    _check_single(statement)
    _check_files(statement)
    return statement


def _check_single(statement):
    for token, following in zip(statement.tokens, statement.tokens[1:]):
        if token.is_op(";") and not following.is_op(";"):
            message = f"Syntax error (Multi-statements are not allowed): failed at position {token.start + 1} (end of query)"
            raise ClickHouseError(62, message + ": " + statement.text[token.start:][:60])


def _check_files(statement):
    depth = 0
    for token, following in zip(statement.tokens, statement.tokens[1:]):
        depth += token.is_op("(", "[") - token.is_op(")", "]")
        if depth == 0 and token.is_word("INTO") and following.is_word("OUTFILE"):
            raise ClickHouseError(324, "INTO OUTFILE is not allowed")
        if depth == 0 and statement.first == "INSERT" and token.is_word("FROM") and following.is_word("INFILE"):
            raise ClickHouseError(78, "Query has infile and was send directly to server")
    if statement.words(3)[:2] == ["SYSTEM", "SHUTDOWN"] or statement.words(3)[:2] == ["SYSTEM", "KILL"]:
        raise not_supported("SYSTEM " + statement.words(3)[1])
    if "TEMPORARY" in statement.words(4) and statement.first in ("CREATE", "REPLACE"):
        raise not_supported("CREATE TEMPORARY TABLE")


def _split_insert(text, rest, default_format):
    """Returns an INSERT that carries data, or None for anything else (INSERT … SELECT included)."""
    seen, depth, settings = [], 0, None
    for token in tokens(text):
        if not seen and not token.is_word("INSERT"):
            return None
        depth += token.is_op("(", "[") - token.is_op(")", "]")
        if depth == 0 and len(seen) > 1 and not seen[-1].is_op("."):
            if token.is_word("SELECT", "WITH", "WATCH") or token.is_op(";"):
                return None
            if token.is_word("FROM") and re.match(r"\s*INFILE\b", text[token.end:], re.I):
                return None
            if token.is_word("SETTINGS") and settings is None:
                settings = token
            if token.is_word("VALUES") or (token.is_word("FORMAT") and seen[-1].text.upper() not in ("INTO", "TABLE")):
                return _insert(text, rest, seen, token, settings)
        seen.append(token)
    if not seen or not rest or any(t.is_word("SELECT") for t in seen):
        return None
    end = settings.start if settings else len(text)
    return Statement(text, seen, text[:end], text[end:], rest, default_format or "Values")


def _insert(text, rest, seen, keyword, settings):
    if keyword.is_word("VALUES"):
        name, data = "Values", text[keyword.end:]
    else:
        name_token = next(tokens(text, keyword.end), None)
        if name_token is None:
            return None
        name = name_token.text
        data = re.sub(r"\A[ \t\f]*\r?\n?", "", text[name_token.end:], count=1)
        if data.lstrip().startswith(";") and not data.lstrip()[1:].strip():
            data = ""
    if keyword.is_word("VALUES") and data.rstrip().endswith(";") and not rest:
        data = data.rstrip()[:-1]
    head = text[: (settings or keyword).start]
    clause = text[settings.start : keyword.start] if settings else ""
    return Statement(text[: keyword.end], seen, head, clause, data.encode("utf-8", "surrogateescape") + rest, name)
