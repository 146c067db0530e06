"""Users and roles as the sandbox keeps them, one JSON file each, written atomically (as ClickHouse's local_directory)."""

import json
import os
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path

ANY_HOST = [["any", ""]]


@dataclass
class RoleSet:
    """A set of role (or grantee) names: all but `excluded`, or exactly `names`."""

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


@dataclass
class Entity:
    """What users and roles share. `grants` are GRANT and REVOKE texts without grantees, in order; `roles` maps to the admin option."""

    name: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    grants: list = field(default_factory=list)
    roles: dict = field(default_factory=dict)
    settings: list = field(default_factory=list)

    kind = "role"

    @property
    def roles_with_admin_option(self):
        """The roles held WITH ADMIN OPTION."""
        return {name: True for name, option in self.roles.items() if option}


@dataclass
class Role(Entity):
    """A role."""


@dataclass
class User(Entity):
    """A user. `auth` is a list of methods: {type, …, valid_until}; `hosts` a list of [kind, pattern]."""

    auth: list = field(default_factory=lambda: [{"type": "no_password"}])
    hosts: list = field(default_factory=lambda: [list(h) for h in ANY_HOST])
    default_roles: RoleSet = field(default_factory=RoleSet)
    grantees: RoleSet = field(default_factory=RoleSet)
    default_database: str = ""

    kind = "user"


class Store:
    """All users and roles of one data folder. `version` grows with every change."""

    def __init__(self, folder):
        self.folder = Path(folder) / "access"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.users, self.roles, self.version = {}, {}, 1
        for path in sorted(self.folder.glob("*.json")):
            self._load(json.loads(path.read_text()))

    def _load(self, record):
        kind = record.pop("kind")
        if kind == "user":
            record["default_roles"] = RoleSet(**record["default_roles"])
            record["grantees"] = RoleSet(**record["grantees"])
        self.of(kind)[record["name"]] = (User if kind == "user" else Role)(**record)

    def of(self, kind):
        """The users or the roles by name."""
        return self.users if kind == "user" else self.roles

    def grantee(self, name):
        """The user, else the role, of that name, or None."""
        return self.users.get(name) or self.roles.get(name)

    def entities(self):
        """All of them, users first."""
        return [*self.users.values(), *self.roles.values()]

    def save(self, entity):
        """Adds or updates an entity."""
        self.of(entity.kind)[entity.name] = entity
        path = self.folder / f"{entity.id}.json"
        spare = path.with_suffix(".new")
        spare.write_text(json.dumps({"kind": entity.kind, **asdict(entity)}))
        os.replace(spare, path)
        self.version += 1

    def remove(self, entity):
        """Drops an entity and every mention of it."""
        self.of(entity.kind).pop(entity.name)
        (self.folder / f"{entity.id}.json").unlink(missing_ok=True)
        self.version += 1
        self._mentions(entity, lambda roles: roles.discard(entity.name), lambda other: other.roles.pop(entity.name))

    def rename(self, entity, new):
        """Renames an entity; memberships, grants and its id stay."""
        old = entity.name
        self.of(entity.kind).pop(old)
        entity.name = new
        self.save(entity)

        def move(other):
            other.roles = {new if name == old else name: option for name, option in other.roles.items()}

        self._mentions(entity, lambda roles: roles.rename(old, new), move, old)

    def _mentions(self, entity, in_set, in_roles, name=None):
        name = name or entity.name
        for other in self.entities():
            touched = False
            if entity.kind == "role" and name in other.roles:
                in_roles(other)
                touched = True
            if other.kind == "user":
                sets = [other.grantees] + ([other.default_roles] if entity.kind == "role" else [])
                for names in sets:
                    if name in names.names or name in names.excluded:
                        in_set(names)
                        touched = True
            if touched:
                self.save(other)

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
