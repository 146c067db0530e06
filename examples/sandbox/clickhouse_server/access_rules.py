"""Carries out CREATE, ALTER and DROP of settings profiles, quotas and row policies."""

import copy

from . import access_parse, policies, quotas, settings_profiles
from .errors import ClickHouseError
from .lexer import quote_name
from .model import policy_name

PROBE = "sandbox_probe"
_UNKNOWN = {"profile": 180, "quota": 199, "policy": 523}
BUILT_IN = {"profile": {"default"}, "quota": {"default"}, "policy": set()}  # of users.xml


class Rules:
    """Writes them; `access` is the part for users and roles."""

    def __init__(self, access):
        self.access, self.store, self.values = access, access.store, settings_profiles.Values()

    def probes(self, statement):
        """Yields statements that put the same clauses to the engine, naming nothing that it does not know."""
        kind = access_parse.KINDS[statement.kind]
        places = [_place(*name[1:]) for name in statement.names] if statement.kind == "policy" else [""]
        if statement.action == "DROP":
            yield from (f"DROP {kind} IF EXISTS {PROBE}{place}" for place in places)
            return
        texts = [c.text for c in statement.clauses if c.name not in ("TO", "IN", "RENAME TO")]
        verb = f"CREATE {kind} {PROBE}" if statement.action == "CREATE" else f"ALTER {kind} IF EXISTS {PROBE}"
        yield from (f"{verb}{place} {settings_profiles.for_engine(self.access.join(texts))}" for place in places)

    def carry_out(self, statement, context, ask):
        """Writes what the engine has accepted; `ask` queries the engine as the administrator."""
        names = statement.names
        if statement.kind == "policy":
            names = [(short, database or context.database or "default", "" if table == "*" else table) for short, database, table in names]
        for clause in statement.clauses:
            self._check(clause)
        for name in names:
            {"CREATE": self._create, "ALTER": self._alter, "DROP": self._drop}[statement.action](statement, name, ask)

    def _check(self, clause):
        if clause.name == "TO":
            self.access.check_grantees(access_parse.set_of(clause))
        if clause.name == "IN":
            self.access.check_storage(clause)
        self.access.check_profiles([clause])

    def _find(self, kind, name):
        full = policy_name(*name) if kind == "policy" else name
        return full, self.store.of(kind).get(full)

    def _create(self, statement, name, ask):
        full, old = self._find(statement.kind, name)
        entity = self.store.make(statement.kind, full)
        if full in BUILT_IN[entity.kind]:
            raise ClickHouseError(495, f"Cannot insert {entity.title} `{full}` to users_xml because this storage is readonly.")
        if old is not None and statement.guard == "IF NOT EXISTS":
            return
        if old is not None and statement.guard != "OR REPLACE":
            text = f"{entity.title} `{full}`: cannot insert because {entity.title} `{full}` already exists in local_directory"
            raise ClickHouseError(493, text)
        if statement.kind == "policy":
            entity.short_name, entity.database, entity.table = name
        self._fill(entity, statement, ask)
        if old is not None:
            self.store.remove(old)
        self.store.save(entity)

    def _alter(self, statement, name, ask):
        full, old = self._find(statement.kind, name)
        if old is None and statement.guard == "IF EXISTS" and full not in BUILT_IN[statement.kind]:
            return
        entity = copy.deepcopy(self._existing(statement.kind, full, "update"))
        self._fill(entity, statement, ask)
        new = next((c.tokens[0].value for c in statement.clauses if c.name == "RENAME TO"), None)
        if new is not None and statement.kind == "policy":
            entity.short_name, new = new, policy_name(new, entity.database, entity.table)
        if new not in (None, full) and (new in self.store.of(statement.kind) or new in BUILT_IN[statement.kind]):
            text = f"{entity.title} `{full}`: cannot rename to `{new}` because {entity.title} `{new}` already exists in local_directory"
            raise ClickHouseError(493, text)
        self.store.save(entity)
        if new not in (None, full):
            self.store.rename(entity, new)

    def _drop(self, statement, name, ask):
        full, old = self._find(statement.kind, name)
        if old is None and statement.guard == "IF EXISTS" and full not in BUILT_IN[statement.kind]:
            return
        self.store.remove(self._existing(statement.kind, full, "remove"))

    def _existing(self, kind, name, verb):
        entity = self.store.of(kind).get(name)
        if name in BUILT_IN[kind]:
            raise ClickHouseError(495, f"Cannot {verb} {self.store.make(kind, name).title} `{name}` in users_xml because this storage is readonly.")
        if entity is None:
            raise self.unknown(kind, name)
        return entity

    def unknown(self, kind, name):
        """The refusal of a name that nobody has."""
        title = self.store.make(kind, name).title
        return ClickHouseError(_UNKNOWN[kind], f"There is no {title} `{name}` in {self.access.place}.")

    def _fill(self, entity, statement, ask):
        for clause in statement.clauses:
            if clause.name == "TO":
                entity.to = access_parse.set_of(clause)
            elif clause.name in ("IN", "RENAME TO"):
                pass
            elif entity.kind == "profile":
                settings_profiles.apply(entity, clause)
            else:
                (quotas if entity.kind == "quota" else policies).apply(entity, clause)
        if entity.kind == "profile":
            entity.settings = self.values.settle(entity.settings, ask)


def _place(database, table):
    """Returns ` ON database.table` for a probe."""
    return " ON " + (quote_name(database) + "." if database else "") + (table if table == "*" else quote_name(table))
