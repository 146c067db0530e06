"""Writes SHOW CREATE USER and SHOW CREATE ROLE, which show no secret (as a server with its default settings)."""

from datetime import datetime, timezone

from .lexer import quote_name, quote_string

_ADMIN = "IDENTIFIED WITH plaintext_password"


def create_statement(entity, version):
    """Returns the CREATE statement of a user or role."""
    parts = [f"CREATE {entity.kind.upper()} {quote_name(entity.name)}"]
    if entity.kind == "user":
        parts += [_identified(entity), _hosts(entity.hosts)]
        if entity.default_database:
            parts.append("DEFAULT DATABASE " + quote_name(entity.default_database))
        if not entity.default_roles.all or entity.default_roles.excluded:
            parts.append("DEFAULT ROLE " + _set(entity.default_roles, "ALL"))
    if entity.settings:
        parts.append("SETTINGS " + ", ".join(_setting(s) for s in entity.settings))
    if entity.kind == "user" and (not entity.grantees.all or entity.grantees.excluded):
        parts.append("GRANTEES " + _set(entity.grantees, "ANY"))
    return " ".join(p for p in parts if p)


def admin_statement(name):
    """Returns the CREATE statement of the sandbox's administrator."""
    return f"CREATE USER {quote_name(name)} {_ADMIN}"


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
    if names.all:
        return everything + " EXCEPT " + ", ".join(quote_name(n) for n in names.excluded)
    return ", ".join(quote_name(n) for n in names.names) or "NONE"


def _setting(setting):
    text = setting["name"]
    if setting.get("value") is not None:
        text += " = " + _value(setting["value"])
    for limit in ("min", "max"):
        if setting.get(limit) is not None:
            text += f" {limit.upper()} {_value(setting[limit])}"
    return text + (" " + setting["writability"] if setting.get("writability") else "")


def _value(text):
    return text if text.lstrip("-").replace(".", "", 1).isdigit() else quote_string(text)
