"""Settings of users, roles and settings profiles: reading the clauses, what is in force for a login, the text of SHOW CREATE.

An element is {name, value, min, max, writability} or {profile}; the rules are those of SettingsProfileElements.cpp.
"""

import re
from xml.sax.saxutils import escape

from .access_parse import Reader
from .errors import ClickHouseError
from .lexer import quote_string, tokens

_PARTS = ("value", "min", "max")
_WRITABILITY = ("CONST", "READONLY", "WRITABLE", "CHANGEABLE_IN_READONLY")
_NUMERIC = ("Int64", "UInt64", "Int32", "UInt32", "Milliseconds", "UInt64Auto", "MaxThreads", "NonZeroUInt64")
_DECIMAL = ("Float", "Double", "Seconds")


def is_clause(name):
    """Tells whether a clause of CREATE or ALTER changes settings."""
    return "SETTING" in name or "PROFILE" in name


def apply(entity, clause):
    """Applies one such clause to what has settings."""
    name = re.sub(r"(SETTING|PROFILE)S$", r"\1", clause.name)
    if clause.name == "SETTINGS":
        entity.settings = list(elements(clause.tokens))
    elif name == "DROP ALL SETTING":
        entity.settings = [s for s in entity.settings if "profile" in s]
    elif name == "DROP ALL PROFILE":
        entity.settings = [s for s in entity.settings if "profile" not in s]
    elif name == "DROP SETTING":
        gone = {t.value for t in clause.tokens if t.is_name}
        entity.settings = [s for s in entity.settings if s.get("name") not in gone]
    elif name == "DROP PROFILE":
        gone = set(_names(clause))
        entity.settings = [s for s in entity.settings if s.get("profile") not in gone]
    elif name == "ADD PROFILE":
        added = _names(clause)
        entity.settings = [s for s in entity.settings if s.get("profile") not in added] + [{"profile": p} for p in added]
    else:
        _change(entity, list(elements(clause.tokens)), name == "MODIFY SETTING")


def _change(entity, changes, merge):
    for element in changes:
        old = next((s for s in entity.settings if s.get("name") == element["name"]), {})
        merged = {**old, **element} if merge else element
        entity.settings = [s for s in entity.settings if s.get("name") != element["name"]] + [merged]


def _names(clause):
    reader = Reader("")
    reader.all = clause.tokens
    return reader.names()


def elements(found):
    """Reads the elements of a SETTINGS list."""
    reader = Reader("")
    reader.all = found
    if reader.accept("NONE"):
        return
    while reader.peek() is not None:
        if reader.peek(1) is not None and not reader.peek(1).is_op("=", ".") and (reader.accept("PROFILE") or reader.accept("INHERIT")):
            yield {"profile": reader.take().value}
            reader.comma()
            continue
        element = {"name": _dotted(reader)}
        while reader.peek() is not None and not reader.comma():
            token = reader.take()
            if token.is_op("="):
                element["value"] = _literal(reader)
            elif token.is_word("MIN", "MAX"):
                element[token.text.lower()] = _literal(reader)
            elif token.is_word(*_WRITABILITY):
                element["writability"] = "CONST" if token.is_word("READONLY") else token.text.upper()
        yield element


def _dotted(reader):
    name = reader.take().value
    while reader.peek() is not None and reader.peek().is_op("."):
        reader.take()
        name += "." + reader.take().value
    return name


def _literal(reader):
    if reader.peek().is_op("="):
        reader.take()
    sign = reader.take().text if reader.peek().is_op("-", "+") else ""
    return sign + reader.take().value


def profiles_named(clauses):
    """Returns the settings profiles that clauses refer to."""
    found = []
    for clause in clauses:
        if re.search("PROFILES?$", clause.name) and not clause.name.startswith("DROP ALL"):
            found += _names(clause)
        elif is_clause(clause.name) and not clause.name.startswith("DROP"):
            found += [s["profile"] for s in elements(clause.tokens) if "profile" in s]
    return found


def for_engine(text):
    """Returns clauses in the form in which an engine without our profiles, and without a server's configuration, checks them."""
    out, at, in_profiles, previous = [], 0, False, None
    for token in tokens(text):
        starts = previous is not None and previous.is_word("PROFILE", "PROFILES", "INHERIT")
        in_profiles = token.kind == "quoted" and (starts or in_profiles) or (in_profiles and token.is_op(","))
        changed = "default" if in_profiles and token.kind == "quoted" else "WRITABLE" if token.is_word("CHANGEABLE_IN_READONLY") else None
        if changed:
            out.append(text[at : token.start] + changed)
            at = token.end
        previous = token
    return "".join(out) + text[at:]


def effective(store, user, roles):
    """Returns the elements in force for a user with these enabled roles, profiles replaced by what they hold."""
    assigned = [{"profile": p.name} for p in store.profiles.values() if p.to.reaches(user.name, roles)]
    listed = assigned + [s for name in roles for s in store.roles[name].settings] + user.settings
    out, seen = [], set()
    while listed:  # from the end: the last mention of a profile is the one that counts
        element = listed.pop()
        if "profile" not in element:
            out.append(element)
        elif element["profile"] not in seen and element["profile"] in store.profiles:
            seen.add(element["profile"])
            listed.extend(store.profiles[element["profile"]].settings)
    return out[::-1]


class Values:
    """The engine's spelling of setting values; `run` executes a query on it and returns text. Answers are remembered."""

    def __init__(self):
        self.types, self.known = {}, {}

    def settle(self, settings, run):
        """Returns elements with each value as the engine prints it, `10G` as 10000000000."""
        return [{k: self._settled(e["name"], v, run) if k in _PARTS else v for k, v in e.items()} for e in settings]

    def _settled(self, name, text, run):
        if (name, text) not in self.known:
            self.known[name, text] = text if re.fullmatch(r"-?[1-9]\d*|0", text) else self._ask(name, text, run)
        return self.known[name, text]

    def _ask(self, name, text, run):
        try:
            return run(f"SELECT value FROM system.settings WHERE name = {quote_string(name)}", {name: text}).rstrip("\n") or text
        except ClickHouseError:  # a limit that this very query exceeds
            return text

    def literal(self, name, text, run):
        """Returns a value as SHOW CREATE writes it: bare for numbers."""
        if not self.types:
            rows = run("SELECT name, type FROM system.settings", {})
            self.types.update(line.split("\t") for line in rows.splitlines())
        kind = self.types.get(name, "")
        if kind == "Bool" and text in ("0", "1"):
            return ("false", "true")[int(text)]
        if kind in _NUMERIC and re.fullmatch(r"-?\d+", text):
            return text
        if kind in _DECIMAL and re.fullmatch(r"-?\d+(\.\d*)?", text):
            return text if "." in text else text + "."
        return quote_string(text)

    def clause(self, settings, word, run):
        """Returns a list of elements as SHOW CREATE writes it; `word` is INHERIT or PROFILE."""
        return ", ".join(self._element(s, word, run) for s in settings)

    def _element(self, element, word, run):
        if "profile" in element:
            return f"{word} `{element['profile']}`"
        parts = [element["name"]]
        for key, label in zip(_PARTS, ("=", "MIN", "MAX")):
            if element.get(key) is not None:
                parts += [label, self.literal(element["name"], element[key], run)]
        return " ".join(parts + ([element["writability"]] if element.get("writability") else []))


def xml(settings):
    """Returns the body of a profile in users.xml."""
    values, constraints = {}, {}
    for setting in settings:
        name = setting["name"]
        if setting.get("value") is not None:
            values[name] = setting["value"]
        if any(setting.get(k) is not None for k in ("min", "max", "writability")):
            limits = "".join(f"<{k}>{escape(setting[k])}</{k}>" for k in ("min", "max") if setting.get(k) is not None)
            constraints[name] = limits + ("<const/>" if setting.get("writability") == "CONST" else "")
    body = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())
    rules = "".join(f"<{name}>{limits}</{name}>" for name, limits in constraints.items() if limits)
    return body + (f"<constraints>{rules}</constraints>" if rules else "")


def rows(owner_column, owner, settings):
    """Yields the rows of system.settings_profile_elements."""
    for index, element in enumerate(settings):
        yield {
            owner_column: owner,
            "index": index,
            "setting_name": element.get("name"),
            **{key: element.get(key) for key in (*_PARTS, "writability")},
            "inherit_profile": element.get("profile"),
        }
