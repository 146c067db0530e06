"""Access entities as the sandbox keeps them, one JSON file each, written atomically (as ClickHouse's local_directory)."""

import json
import os
import uuid
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from .lexer import quote_name

ANY_HOST = [["any", ""]]


@dataclass
class RoleSet:
    """A set of role (or user) names: all but `excluded`, or exactly `names`."""

    all: bool = True
    names: list = field(default_factory=list)
    excluded: list = field(default_factory=list)

    def __contains__(self, name):
        return name not in self.excluded if self.all else name in self.names

    def rename(self, old, new):
        """Follows a rename."""
        self.names = [new if n == old else n for n in self.names]
        self.excluded = [new if n == old else n for n in self.excluded]

    def discard(self, name):
        """Forgets a name."""
        self.names = [n for n in self.names if n != name]
        self.excluded = [n for n in self.excluded if n != name]

    def mentions(self, name):
        """Tells whether the set names it."""
        return name in self.names or name in self.excluded

    def reaches(self, user, roles):
        """Tells whether what is TO this set applies to a user with these enabled roles (RolesOrUsersSet::match)."""
        if self.all:
            return user not in self.excluded and not any(role in self.excluded for role in roles)
        return user in self.names or any(role in self.names for role in roles)


def nobody():
    """Returns the set of a statement without TO."""
    return RoleSet(all=False)


@dataclass
class Entity:
    """What all entities share."""

    name: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    kind = ""
    title = ""  # the kind in the words of ClickHouse's messages

    def sets(self):
        """The sets of users and roles that it holds."""
        return []


@dataclass
class Role(Entity):
    """A role. `grants` are GRANT and REVOKE texts without grantees, in order; `roles` maps to the admin option.

    `settings` are {name, value, min, max, writability} or {profile}, as strings.
    """

    grants: list = field(default_factory=list)
    roles: dict = field(default_factory=dict)
    settings: list = field(default_factory=list)

    kind = title = "role"

    @property
    def roles_with_admin_option(self):
        """The roles held WITH ADMIN OPTION."""
        return {name: True for name, option in self.roles.items() if option}


@dataclass
class User(Role):
    """A user. `auth` is a list of methods: {type, …, valid_until}; `hosts` a list of [kind, pattern]."""

    auth: list = field(default_factory=lambda: [{"type": "no_password"}])
    hosts: list = field(default_factory=lambda: [list(h) for h in ANY_HOST])
    default_roles: RoleSet = field(default_factory=RoleSet)
    grantees: RoleSet = field(default_factory=RoleSet)
    default_database: str = ""

    kind = title = "user"

    def sets(self):
        return [self.default_roles, self.grantees]


@dataclass
class Profile(Entity):
    """A settings profile."""

    settings: list = field(default_factory=list)
    to: RoleSet = field(default_factory=nobody)

    kind, title = "profile", "settings profile"

    def sets(self):
        return [self.to]


@dataclass
class Quota(Entity):
    """A quota. `keys` as in system.quotas; `intervals` are {duration, randomized, limits} in order of duration (seconds)."""

    keys: list = field(default_factory=list)
    intervals: list = field(default_factory=list)
    to: RoleSet = field(default_factory=nobody)

    kind = title = "quota"

    def sets(self):
        return [self.to]


@dataclass
class Policy(Entity):
    """A row policy; `table` is empty for one of a whole database. Its name is compound: `short ON database.table`."""

    short_name: str = ""
    database: str = ""
    table: str = ""
    filter: str | None = None
    restrictive: bool = False
    to: RoleSet = field(default_factory=nobody)

    kind, title = "policy", "row policy"

    def sets(self):
        return [self.to]


def policy_name(short_name, database, table):
    """Returns the compound name of a row policy."""
    return f"{quote_name(short_name)} ON {quote_name(database)}.{quote_name(table) if table else '*'}"


_CLASSES = {of.kind: of for of in (User, Role, Profile, Quota, Policy)}


class Store:
    """All entities of one data folder. `version` grows with every change."""

    def __init__(self, folder):
        self.folder = Path(folder) / "access"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.known, self.version = {kind: {} for kind in _CLASSES}, 1
        self._changes = {}  # (kind, name): the version of its last change
        for path in sorted(self.folder.glob("*.json")):
            self._load(json.loads(path.read_text()))

    def _load(self, record):
        kind = record.pop("kind")
        of = _CLASSES[kind]
        for part in fields(of):
            if part.name in record and isinstance(record[part.name], dict) and "excluded" in record[part.name]:
                record[part.name] = RoleSet(**record[part.name])
        self.known[kind][record["name"]] = of(**record)

    @property
    def users(self):
        """The users by name."""
        return self.known["user"]

    @property
    def roles(self):
        """The roles by name."""
        return self.known["role"]

    @property
    def profiles(self):
        """The settings profiles by name."""
        return self.known["profile"]

    def of(self, kind):
        """The entities of a kind by name."""
        return self.known[kind]

    def make(self, kind, name):
        """Returns a new entity, which `save` adds."""
        return _CLASSES[kind](name)

    def grantee(self, name):
        """The user, else the role, of that name, or None."""
        return self.users.get(name) or self.roles.get(name)

    def entities(self):
        """Users and roles, users first."""
        return [*self.users.values(), *self.roles.values()]

    def save(self, entity):
        """Adds or updates an entity."""
        self.of(entity.kind)[entity.name] = entity
        path = self.folder / f"{entity.id}.json"
        spare = path.with_suffix(".new")
        spare.write_text(json.dumps({"kind": entity.kind, **asdict(entity)}))
        os.replace(spare, path)
        self._changed(entity.kind, entity.name)

    def _changed(self, kind, name):
        self.version += 1
        self._changes[kind, name] = self.version

    def changed_since(self, version):
        """Returns the (kind, name) of what has changed, come or gone since a version."""
        return {entity for entity, at in self._changes.items() if at > version}

    def remove(self, entity):
        """Drops an entity and every mention of it."""
        self.of(entity.kind).pop(entity.name)
        (self.folder / f"{entity.id}.json").unlink(missing_ok=True)
        self._changed(entity.kind, entity.name)
        self._mentions(entity.kind, entity.name, None)

    def rename(self, entity, new):
        """Renames an entity; memberships, grants and its id stay."""
        old = entity.name
        self.of(entity.kind).pop(old)
        self._changed(entity.kind, old)
        entity.name = new
        self.save(entity)
        self._mentions(entity.kind, old, new)

    def _mentions(self, kind, old, new):
        """Has every other entity follow a rename, or a removal (`new` is None)."""
        for other in [e for known in self.known.values() for e in known.values()]:
            changed = self._in_sets(other, kind, old, new) | self._in_roles(other, kind, old, new) | _in_settings(other, kind, old, new)
            if changed:
                self.save(other)

    def _in_sets(self, other, kind, old, new):
        if kind not in ("user", "role"):
            return False
        found = [s for s in other.sets() if s.mentions(old) and not (kind == "user" and s is getattr(other, "default_roles", None))]
        for names in found:
            if new is None:
                names.discard(old)
            else:
                names.rename(old, new)
        return bool(found)

    def _in_roles(self, other, kind, old, new):
        if kind != "role" or old not in getattr(other, "roles", ()):
            return False
        moved = {(new if name == old else name): option for name, option in other.roles.items()}
        moved.pop(None, None)
        other.roles = moved
        return True

    def enabled_roles(self, user, only=None):
        """The names of the roles in force for a login: its default roles (or `only`), with the roles granted to those."""
        wanted = [name for name in user.roles if (name in user.default_roles if only is None else name in only)]
        found = []
        while wanted:
            name = wanted.pop(0)
            if name in self.roles and name not in found:
                found.append(name)
                wanted.extend(self.roles[name].roles)
        return found


def _in_settings(other, kind, old, new):
    settings = getattr(other, "settings", [])
    if kind != "profile" or not any(s.get("profile") == old for s in settings):
        return False
    moved = [{"profile": new} if s.get("profile") == old else s for s in settings]
    other.settings = [s for s in moved if s.get("profile", "") is not None]
    return True
