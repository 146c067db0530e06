"""Applies the clauses of CREATE and ALTER to a user or a role."""

import re
from datetime import datetime, timezone

from . import auth, settings_profiles
from .access_parse import Reader, set_of
from .errors import ClickHouseError, not_supported
from .model import ANY_HOST


# The order in which a server applies the parts of one statement (InterpreterCreateUserQuery.cpp), whatever order they were sent in.
_ORDER = ("RESET AUTHENTICATION METHODS TO NEW", "NOT IDENTIFIED", "IDENTIFIED", "ADD IDENTIFIED", "VALID UNTIL", "HOST", "DROP HOST", "ADD HOST", "ROLE")


def in_order(clauses):
    """Returns the clauses of a statement in the order in which they take effect."""
    return sorted(clauses, key=lambda c: _ORDER.index(c.name) if c.name in _ORDER else len(_ORDER))


def apply(entity, clause, version):
    """Applies one clause; those of a statement come `in_order`."""
    name = clause.name
    if name in ("IDENTIFIED", "ADD IDENTIFIED", "NOT IDENTIFIED"):
        _identify(entity, clause, version)
    elif name.startswith("RESET"):
        entity.auth = entity.auth[-1:]
    elif name in ("HOST", "ADD HOST", "DROP HOST"):
        _host(entity, clause)
    elif name == "VALID UNTIL":
        _expire(entity, parse_time(clause.tokens[0].value), version)
    elif name == "DEFAULT DATABASE":
        entity.default_database = "" if clause.tokens[0].is_word("NONE") else clause.tokens[0].value
    elif name == "DEFAULT ROLE":
        entity.default_roles = set_of(clause)
    elif name == "GRANTEES":
        entity.grantees = set_of(clause)
    elif name == "IN" or name == "RENAME TO" or name == "ROLE":
        pass  # the caller's business
    else:
        settings_profiles.apply(entity, clause)


def _identify(user, clause, version):
    if clause.name == "NOT IDENTIFIED":
        methods = [{"type": "no_password"}]
    else:
        methods = list(_methods(clause))
    if version == "24.8" and user.auth[0].get("valid_until"):  # there the expiry is the user's, not the method's
        methods = [{"valid_until": user.auth[0]["valid_until"], **method} for method in methods]
    user.auth = (user.auth + methods) if clause.name == "ADD IDENTIFIED" else methods
    if len(user.auth) > 1 and any(m["type"] == "no_password" for m in user.auth):
        raise ClickHouseError(36, "Authentication method 'no_password' cannot co-exist with other authentication methods.")
    if len(user.auth) > 100:
        raise ClickHouseError(36, "User can not be created/updated because it exceeds the allowed quantity of authentication methods per user.")


def _expire(user, until, version):
    """VALID UNTIL of the user reaches every method; from 26.x on not those of the same statement that have their own."""
    user.auth = [m if version == "26.9" and m.get("own_expiry") else {**m, "valid_until": until} for m in user.auth]


def settle(user):
    """Ends a statement: what only mattered within it is forgotten."""
    user.auth = [{k: v for k, v in m.items() if k != "own_expiry"} for m in user.auth]


def _methods(clause):
    reader = Reader("")
    reader.all = clause.tokens
    while reader.peek() is not None:
        reader.accept("WITH")
        kind = "sha256_password" if reader.sees("BY") else reader.take().text.lower()
        if kind in _FOREIGN:
            method = {"type": kind, **_FOREIGN[kind](reader)}
        else:
            secret = reader.take().value if reader.accept("BY") else ""
            salt = reader.take().value if reader.accept("SALT") else None
            method = auth.make_method(kind, secret, salt)
        yield {**method, **_valid_until(reader)}
        if reader.peek() is not None and not reader.comma():
            raise not_supported("the authentication clause " + reader.peek().text)


def _ldap(reader):
    return {"server": reader.take().value if reader.accept("SERVER") else ""}


def _kerberos(reader):
    return {"realm": reader.take().value if reader.accept("REALM") else ""}


def _http(reader):
    found = _ldap(reader)
    return {**found, "scheme": reader.take().value.upper() if reader.accept("SCHEME") else "BASIC"}


def _certificate(reader):
    key = "names" if reader.accept("CN") else "alt_names"
    if key == "alt_names" and not reader.accept("SAN"):
        raise not_supported("this form of ssl_certificate")
    return {"names": [], "alt_names": [], key: reader.names()}


def _ssh_key(reader):
    keys = []
    reader.accept("BY")
    while reader.accept("KEY"):
        text = reader.take().value
        reader.accept("TYPE")
        keys.append([text, reader.take().value])
        if reader.peek() is None or not reader.peek().is_op(",") or not reader.peek(1).is_word("KEY"):
            break
        reader.comma()
    return {"keys": keys}


# The methods that somebody else than the sandbox would have to check.
_FOREIGN = {"ldap": _ldap, "kerberos": _kerberos, "http": _http, "ssl_certificate": _certificate, "ssh_key": _ssh_key}


def _valid_until(reader):
    return {"valid_until": parse_time(reader.take().value), "own_expiry": True} if reader.accept("VALID UNTIL") else {}


def parse_time(text):
    """Reads VALID UNTIL (UTC unless it says otherwise) as seconds since the epoch, 0 for `infinity`."""
    if text.lower() == "infinity":
        return 0
    text = re.sub(r"\s*(Z|UTC|GMT)$", "+00:00", text.strip(), flags=re.I)
    for form in ("%Y-%m-%d %H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%d %b %Y"):
        try:
            moment = datetime.strptime(text, form)
        except ValueError:
            continue
        return int((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp())
    raise not_supported(f"VALID UNTIL '{text}' (write YYYY-MM-DD hh:mm:ss)")


def _host(user, clause):
    rules = list(_host_rules(clause.tokens))
    if clause.name == "HOST":
        user.hosts = rules
    elif clause.name == "ADD HOST":
        user.hosts = user.hosts + [rule for rule in rules if rule not in user.hosts]
    else:
        user.hosts = [] if ANY_HOST[0] in rules else [rule for rule in user.hosts if rule not in rules]


_LOOPBACK = ("127.0.0.1", "::1", "127.0.0.0/8")  # AllowedClientHosts takes them for LOCAL


def _host_rules(found):
    kind = None
    for token in found:
        if token.is_op(","):
            continue
        if token.kind == "string":
            yield ["local", ""] if kind == "ip" and token.value in _LOOPBACK else [kind, token.value]
        elif token.is_word("ANY", "LOCAL"):
            yield [token.text.lower(), ""]
        elif not token.is_word("NONE"):
            kind = token.text.lower()
