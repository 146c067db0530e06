"""Writes SHOW CREATE of users, roles, settings profiles, quotas and row policies, without secrets (as a server's defaults have it)."""

from datetime import datetime, timezone

from . import policies, quotas
from .access_parse import KINDS, Reader, policy_names
from .access_rules import BUILT_IN
from .lexer import quote_name, quote_string
from .model import policy_name

_ADMIN = "IDENTIFIED WITH plaintext_password"


_KINDS = [(words, kind, False) for kind, words in KINDS.items()]
_KINDS += [(words[:-1] + "IES" if words.endswith("Y") else words + "S", kind, True) for words, kind, _ in _KINDS]


class Creates:
    """The CREATE statements of entities. `ask` queries the engine, for its spelling of values and clauses."""

    def __init__(self, access, version, ask):
        self.access, self.store, self.version, self.ask = access, access.store, version, ask

    def of(self, canonical, login_name, database):
        """Answers a SHOW CREATE in canonical form. Raises the refusal of an unknown name."""
        reader = Reader(canonical)
        reader.accept("SHOW CREATE")
        words, kind, plural = next(found for found in _KINDS if reader.accept(found[0]))
        if reader.peek() is None or not reader.peek().is_name or reader.sees("FORMAT") or words == "ROW POLICIES" and reader.sees("ON"):
            return [self._text(kind, name) for name in (self._all(kind) if plural else [login_name if kind == "user" else "default"])]
        if kind == "policy":
            names = [policy_name(short, db or database or "default", "" if table == "*" else table) for short, db, table in policy_names(reader)]
        else:
            names = reader.names()
        return [self._text(kind, name) for name in names]

    def _all(self, kind):
        built_in = self.access.readonly_names() if kind == "user" else BUILT_IN.get(kind, ())
        return sorted([*self.store.of(kind), *built_in])

    def _text(self, kind, name):
        if kind == "user" and name in self.access.readonly_names():
            return f"CREATE USER {quote_name(name)} {_ADMIN}"
        if name in BUILT_IN.get(kind, ()):
            return {"profile": "CREATE SETTINGS PROFILE `default`", "quota": "CREATE QUOTA default KEYED BY user_name TO default"}[kind]
        entity = self.store.of(kind).get(name)
        if entity is None:
            raise self.access.unknown(kind, name) if kind in ("user", "role") else self.access.rules.unknown(kind, name)
        if kind in ("user", "role"):
            return self._holder(entity)
        return self.ask(f"SELECT formatQuerySingleLine({quote_string(self._rule(entity))})").strip()

    def _holder(self, entity):
        parts = [f"CREATE {entity.kind.upper()} {quote_name(entity.name)}"]
        if entity.kind == "user":
            parts += [_identified(entity), _hosts(entity.hosts)]
            if entity.default_database:
                parts.append("DEFAULT DATABASE " + quote_name(entity.default_database))
            if not entity.default_roles.all or entity.default_roles.excluded:
                parts.append("DEFAULT ROLE " + _set(entity.default_roles, "ALL"))
        if entity.settings:
            word = "PROFILE" if entity.kind == "user" else "INHERIT"
            parts.append("SETTINGS " + self.access.rules.values.clause(entity.settings, word, self.ask))
        if entity.kind == "user" and (not entity.grantees.all or entity.grantees.excluded):
            parts.append("GRANTEES " + _set(entity.grantees, "ANY"))
        return " ".join(p for p in parts if p)

    def _rule(self, entity):
        if entity.kind == "profile":
            settings = self.access.rules.values.clause(entity.settings, "INHERIT", self.ask)
            head, clauses = f"CREATE SETTINGS PROFILE `{entity.name}`", f"SETTINGS {settings}" if settings else ""
        elif entity.kind == "quota":
            head, clauses = f"CREATE QUOTA {quote_name(entity.name)}", quotas.clauses(entity)
        else:
            head, clauses = f"CREATE ROW POLICY {entity.name}", policies.clauses(entity)
        to = "TO " + _set(entity.to, "ALL") if entity.to.all or entity.to.names else ""
        return " ".join(p for p in (head, clauses, to) if p)


def _identified(user):
    methods = ", ".join(_method(m) for m in user.auth)
    return f"IDENTIFIED WITH {methods}"


def _method(method):
    until = " " + _valid_until(method) if method.get("valid_until") else ""
    return method["type"] + _parameters(method) + until


def _parameters(method):
    kind = method["type"]
    if kind in ("ldap", "http"):
        scheme = f" SCHEME {quote_string(method['scheme'])}" if kind == "http" else ""
        return f" SERVER {quote_string(method['server'])}{scheme}"
    if kind == "kerberos" and method["realm"]:
        return " REALM " + quote_string(method["realm"])
    if kind == "ssl_certificate":
        word, names = ("SAN", method["alt_names"]) if method.get("alt_names") else ("CN", method["names"])
        return f" {word} " + ", ".join(quote_string(n) for n in names)
    if kind == "ssh_key":
        return " BY " + ", ".join(f"KEY {quote_name(key)} TYPE {quote_name(of)}" for key, of in method["keys"])
    return ""


def _valid_until(method):
    moment = datetime.fromtimestamp(method["valid_until"], timezone.utc)
    return f"VALID UNTIL '{moment:%Y-%m-%d %H:%M:%S}'"


def _hosts(rules):
    if ["any", ""] in rules:
        return ""
    if not rules:
        return "HOST NONE"
    words = ["LOCAL"] if ["local", ""] in rules else []
    for kind in ("ip", "name", "regexp", "like"):
        patterns = ", ".join(quote_string(pattern) for found, pattern in rules if found == kind)
        words += [f"{kind.upper()} {patterns}"] if patterns else []
    return "HOST " + ", ".join(words)


def _set(names, everything):
    if names.all and not names.excluded:
        return everything
    if names.all:
        return everything + " EXCEPT " + ", ".join(quote_name(n) for n in names.excluded)
    return ", ".join(quote_name(n) for n in names.names) or "NONE"
