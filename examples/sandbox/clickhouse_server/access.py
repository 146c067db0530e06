"""Carries out access statements: the engine's check first, then the write that the engine has no storage for."""

import copy
import re

from . import access_clauses, access_login, access_parse, settings_profiles, users_xml
from .access_grants import Grants
from .access_rules import BUILT_IN, PROBE, Rules
from .errors import ClickHouseError, not_supported
from .lexer import quote_name, quote_string, tokens
from .model import Role, User

ACCEPTED = (495, 514)  # the engine's checks passed; it has no storage to write to
_LIBRARY_GAPS = re.compile("SSH is disabled|built without bcrypt")  # which servers are built with
_IN_LIST = re.compile("(ADD|MODIFY|DROP) (ALL )?(SETTING|PROFILE)")
_PROBED = {"IDENTIFIED", "ADD IDENTIFIED", "NOT IDENTIFIED", "HOST", "ADD HOST", "DROP HOST", "VALID UNTIL", "DEFAULT DATABASE"}


class Access:
    """Writes users, roles and grants. `run` executes a statement on the engine with the request's context."""

    def __init__(self, store, admin, privileges, version):
        self.store, self.admin, self.privileges, self.version = store, admin, privileges, version
        self.place = "user directories" if version == "24.8" else "`user directories`"
        self.rules, self.grants = Rules(self), Grants(self)

    def readonly_names(self):
        """The users of users.xml, which no statement may change."""
        return {"default", self.admin}

    def execute(self, sent, login, context, run, ask, opening=None):
        """Checks a statement on the engine and carries it out. Raises the engine's refusal or the sandbox's own.

        `run` executes with the request's context and the login's rights, `ask` queries with settings. `opening` tells
        how far the engine is behind (`changed()`) and ends that (`refresh()`).
        """
        canonical = self._canonical(sent, run)
        try:
            known = access_parse.parse(canonical)
        except ClickHouseError:
            self._engine_refuses(sent, run)
            raise
        statement = access_parse.parse(substitute(sent if _spoils(sent, canonical) else canonical, context.params or {}))
        if getattr(known, "kind", "user") not in ("user", "role"):
            for probe in self.rules.probes(known):
                self._engine_refuses(probe, run)
            self.rules.carry_out(statement, context, ask)
            return
        if login is not None:
            self._engine_refuses_login(known, sent, canonical, run, opening)
            self._check_grantees(statement, login)
        else:
            for probe in [*self._probes(known)] or [f"DROP USER IF EXISTS {PROBE}"]:
                self._engine_refuses(probe, run)
        self._apply(statement, context, login, ask)

    def _canonical(self, sent, run):
        try:
            return run(f"SELECT formatQuerySingleLine({quote_string(sent)})", raw=True).strip()
        except ClickHouseError:
            run(sent)  # the same refusal, in the words for the statement itself
            raise

    def _engine_refuses(self, text, run):
        try:
            run(text)
        except ClickHouseError as error:
            if not error.matches(*ACCEPTED) and not (error.matches(344) and _LIBRARY_GAPS.search(error.text)):
                raise

    def _engine_refuses_login(self, statement, sent, canonical, run, opening):
        text = settings_profiles.for_engine(canonical)
        plain = sent if text == canonical else text
        behind = opening.changed()
        quick = access_login.restated(statement, canonical, behind) if behind else None
        if quick is None:
            opening.refresh()
            return self._engine_refuses(plain, run)
        try:
            self._engine_refuses(settings_profiles.for_engine(quick) or plain, run)
        except ClickHouseError as error:
            if not error.matches(192, 511):
                raise
            if not access_login.is_behind(statement, error, self.store):
                opening.refresh()
                self._engine_refuses(plain, run)

    def _probes(self, statement):
        """Statements that put the same clauses and privileges to the engine, naming only entities that it has."""
        if isinstance(statement, access_parse.Grant) and statement.text:
            head, _, option = statement.text.partition(" WITH GRANT OPTION")
            link = " TO default" if statement.action == "GRANT" else " FROM default"
            yield head + link + (" WITH GRANT OPTION" if statement.text != head else "") + option
        if isinstance(statement, access_parse.Entity) and statement.action != "DROP":
            target = f"CREATE {statement.kind} {PROBE}" if statement.action == "CREATE" else "ALTER USER default"
            probed = [settings_profiles.for_engine(c.text) for c in statement.clauses if c.name in _PROBED or settings_profiles.is_clause(c.name)]
            probed.sort(key=lambda text: not text.startswith("VALID UNTIL"))  # the parser wants that of the user first
            gaps = [text for text in probed if "IDENTIFIED" in text and re.search("ssh_key|bcrypt_password", text)]
            if gaps and len(gaps) < len(probed):  # the engine stops there, so the rest is asked on its own
                yield target + " " + join_clauses(gaps)
                probed = [text for text in probed if text not in gaps]
            if probed or statement.action == "CREATE":
                yield target + " " + join_clauses(probed)

    def _check_grantees(self, statement, login):
        if not isinstance(statement, access_parse.Grant):
            return
        for name in statement.grantees.names:
            if name not in login.grantees:
                raise ClickHouseError(497, f"{login.name}: {name} is not allowed as grantee")

    def _apply(self, statement, context, login, ask):
        if isinstance(statement, access_parse.Entity):
            {"CREATE": self._create, "ALTER": self._alter, "DROP": self._drop}[statement.action](statement, ask)
        elif isinstance(statement, access_parse.DefaultRole):
            for user in [self._existing("user", name) for name in statement.users]:
                self._check_granted(user, statement.roles)
                user.default_roles = copy.deepcopy(statement.roles)
                self.store.save(user)
        elif statement.roles is not None:
            self.grants.roles(statement, login)
        else:
            self.grants.privileges(statement, context, login)

    def _existing(self, kind, name):
        if kind == "user" and name in self.readonly_names():
            raise self.readonly("update", kind, name)
        entity = self.store.of(kind).get(name)
        if entity is None:
            raise self.unknown(kind, name)
        return entity

    def unknown(self, kind, name):
        """The refusal of a name that nobody has."""
        return ClickHouseError(192 if kind == "user" else 511, f"There is no {kind} {_ticks(name)} in {self.place}.")

    def readonly(self, verb, kind, name):
        """The refusal to change what is in users.xml."""
        return ClickHouseError(495, f"Cannot {verb} {kind} {_ticks(name)} in users_xml because this storage is readonly.")

    def check_roles(self, names):
        """Refuses roles that are not there."""
        for name in names:
            if name not in self.store.roles:
                raise self.unknown("role", name)

    def _check_granted(self, user, roles):
        self.check_roles(roles.names + roles.excluded)
        if any(name not in user.roles for name in roles.names):
            raise ClickHouseError(512, "Role should be granted to set default")

    def _create(self, statement, ask):
        for clause in statement.clauses:
            self._check_clause(clause)
        for name in statement.names:
            old = self.store.of(statement.kind).get(name)
            if statement.kind == "user" and name in self.readonly_names():
                raise self.readonly("insert", statement.kind, name)
            if old is not None and statement.guard == "IF NOT EXISTS":
                continue
            if old is not None and statement.guard != "OR REPLACE":
                text = f"{statement.kind} {_ticks(name)}: cannot insert because {statement.kind} {_ticks(name)} already exists in local_directory"
                raise ClickHouseError(493, text)
            self._check_name(name)
            entity = (User if statement.kind == "user" else Role)(name)
            self._fill(entity, statement, True, ask)
            if old is not None:
                self.store.remove(old)
            self.store.save(entity)

    def _check_name(self, name):
        if not users_xml.is_possible(name):
            raise not_supported(f"the name {_ticks(name)} (letters, digits, _ and - only)")

    def _check_clause(self, clause):
        if clause.name in ("DEFAULT ROLE", "ROLE"):
            roles = access_parse.set_of(clause)
            self.check_roles(roles.names + roles.excluded)
        if clause.name == "GRANTEES":
            self.check_grantees(access_parse.set_of(clause))
        if clause.name == "IN":
            self.check_storage(clause)
        self.check_profiles([clause])

    def check_grantees(self, grantees):
        """Refuses a set of users and roles that names nobody."""
        for name in grantees.names + grantees.excluded:
            if self.store.grantee(name) is None and name not in self.readonly_names():
                raise self.unknown("role", name)

    def check_storage(self, clause):
        """Refuses another storage than the sandbox's own."""
        name = clause.tokens[0].value
        if name == "users_xml":
            raise ClickHouseError(495, "Cannot insert into users_xml because this storage is readonly.")
        if name != "local_directory":
            raise ClickHouseError(492, f"Access storage with name {name} is not found", "ACCESS_ENTITY_NOT_FOUND")

    def check_profiles(self, clauses):
        """Refuses clauses that refer to a settings profile that is not there."""
        for name in settings_profiles.profiles_named(clauses):
            if name not in self.store.profiles and name not in BUILT_IN["profile"]:
                raise self.rules.unknown("profile", name)

    def join(self, texts):
        """Joins the texts of clauses."""
        return join_clauses(texts)

    def _fill(self, entity, statement, fresh, ask):
        for clause in access_clauses.in_order(statement.clauses):
            access_clauses.apply(entity, clause, self.version)
            if clause.name == "ROLE" or (clause.name == "DEFAULT ROLE" and fresh and not entity.default_roles.all):
                entity.roles.update({name: False for name in access_parse.set_of(clause).names})
            if clause.name == "DEFAULT ROLE" and not fresh:
                self._check_granted(entity, entity.default_roles)
        entity.settings = self.rules.values.settle(entity.settings, ask)
        if entity.kind == "user":
            access_clauses.settle(entity)

    def _alter(self, statement, ask):
        for clause in statement.clauses:
            self._check_clause(clause)
        for name in statement.names:
            if statement.guard == "IF EXISTS" and name not in self.store.of(statement.kind) and name not in self.readonly_names():
                continue
            entity = copy.deepcopy(self._existing(statement.kind, name))
            self._fill(entity, statement, False, ask)
            new = next((c.tokens[0].value for c in statement.clauses if c.name == "RENAME TO"), name)
            if new != name:
                self._check_free(statement.kind, new)
            self.store.save(entity)
            if new != name:
                self.store.rename(entity, new)

    def _check_free(self, kind, name):
        self._check_name(name)
        if name in self.store.of(kind) or (kind == "user" and name in self.readonly_names()):
            text = f"{kind} {_ticks(name)}: cannot rename because {kind} {_ticks(name)} already exists in local_directory"
            raise ClickHouseError(493, text)

    def _drop(self, statement, ask):
        for name in statement.names:
            if statement.kind == "user" and name in self.readonly_names():
                raise self.readonly("remove", "user", name)
            entity = self.store.of(statement.kind).get(name)
            if entity is None and statement.guard != "IF EXISTS":
                raise self.unknown(statement.kind, name)
            if entity is not None:
                self.store.remove(entity)


def _ticks(name):
    return "`" + name + "`"


def join_clauses(texts):
    """Joins clauses, with commas between the parts of an ALTER … SETTING list."""
    out = ""
    for text in texts:
        listed = out and _IN_LIST.match(text) and _IN_LIST.search(out)
        out += (", " if listed else " " if out else "") + text
    return out


def _spoils(sent, canonical):
    """Tells whether the formatter of an engine changes what a statement says; such a one is read as it was sent.

    Engines before 26 print one LIKE pattern only, and an expiry for all methods as if it were the last method's.
    """
    words, printed = [t.text.upper() for t in tokens(sent)], list(tokens(canonical))
    if "LIKE" in words and sum(t.kind == "string" for t in printed) != sum(t.kind == "string" for t in tokens(sent)):
        return True
    return "UNTIL" in words and "IDENTIFIED" in words and words.index("UNTIL") < words.index("IDENTIFIED")


def substitute(text, params):
    """Writes each `{name:Type}` out as its value."""
    out, at, found = [], 0, list(tokens(text))
    for i, token in enumerate(found):
        if not (token.is_op("{") and i + 4 < len(found) + 1 and found[i + 2].is_op(":")):
            continue
        name, kind = found[i + 1].value, found[i + 3].value
        end = next(t for t in found[i:] if t.is_op("}"))
        if name not in params:
            raise ClickHouseError(456, f"Substitution `{name}` is not set", "UNKNOWN_QUERY_PARAMETER")
        value = params[name] if kind == "Identifier" else unescape(params[name])
        out.append(text[at : token.start] + (quote_name(value) if kind == "Identifier" else quote_string(value)))
        at = end.end
    return "".join(out) + text[at:]


def unescape(value):
    """Undoes the TabSeparated escapes in which parameters travel."""
    plain = {"t": "\t", "n": "\n", "r": "\r", "0": "\0", "b": "\b", "f": "\f"}
    return re.sub(r"\\(.)", lambda m: plain.get(m.group(1), m.group(1)), value, flags=re.DOTALL)
