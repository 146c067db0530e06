"""Writes users.xml, the form in which the engine takes users, roles, grants and settings."""

import re
from xml.sax.saxutils import escape

from . import policies, quotas, settings_profiles
from .access_login import PROBE_ROLE

ADMIN_FLAGS = "".join(
    f"<{flag}>1</{flag}>"
    for flag in ("access_management", "named_collection_control", "show_named_collections", "show_named_collections_secrets")
)
ADMIN = "sandbox_admin"  # the role that the administrator's statements pick among the users'
OWN = "sandbox_login_"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def is_possible(name):
    """Tells whether users.xml, whose names are XML tags, can hold the name."""
    return NAME.fullmatch(name) is not None


def for_admin(store, admin):
    """The file for statements of the administrator: everybody, and `default` (which the engine runs as) may do everything."""
    return _document(_roles(store.roles.values()), _user("default", ADMIN_FLAGS) + _others(store, admin))


def for_logins(store, admin):
    """The file for statements of all users: `default` is a member of every role, and each statement first picks its own.

    What a user has beside plain memberships is in a role of its own (see `login_roles`).
    """
    own = "".join(f"<{OWN}{u.name}>{_grants(u, u.roles_with_admin_option)}</{OWN}{u.name}>" for u in store.users.values() if _has_own(u))
    rule = f"<{ADMIN}><grants><query>GRANT ALL ON *.* WITH GRANT OPTION</query></grants></{ADMIN}>"
    members = [ADMIN, *store.roles, *(OWN + u.name for u in store.users.values() if _has_own(u))]
    body = "<grants>" + "".join(f"<query>GRANT `{name}`</query>" for name in members) + "</grants>"
    return _document(_roles(store.roles.values(), True) + own + rule, _user("default", body) + _others(store, admin))


def login_roles(user, roles):
    """The roles that a statement of this user picks in the file above; `roles` are those that the request names, or None."""
    picked = [name for name in user.roles if (name in user.default_roles if roles is None else name in roles)]
    return picked + ([OWN + user.name] if _has_own(user) else [])


def _has_own(user):
    return bool(user.grants or user.roles_with_admin_option)


def for_login(store, user, roles, admin, conditions):
    """The file for statements of one user that has rules: `default` carries its grants, roles, settings, quota and row filters."""
    enabled = store.enabled_roles(user, roles)
    body = _grants(user, {name: option for name, option in user.roles.items() if name in enabled}) + policies.xml(conditions)
    settings = settings_profiles.xml(settings_profiles.effective(store, user, enabled))
    quota = quotas.xml(quotas.of_login(store, user, enabled))
    return _document(_roles(store.roles.values(), True), _user("default", body) + _others(store, admin), settings, quota)


def needs_own(store, user, roles):
    """Tells whether a user has rules that only an opening of its own can enforce."""
    enabled = store.enabled_roles(user, roles)
    if settings_profiles.effective(store, user, enabled) or quotas.xml(quotas.of_login(store, user, enabled)):
        return True
    return any(p.filter is not None and p.to.reaches(user.name, enabled) for p in store.of("policy").values())


def _document(roles, users, settings="", quota=""):
    return (
        f"<clickhouse><profiles><default>{settings}</default></profiles><quotas><default>{quota}</default></quotas>"
        f"<roles>{roles}</roles><users>{users}</users></clickhouse>"
    )


def _others(store, admin):
    named = _user(admin, ADMIN_FLAGS) if admin != "default" else ""
    return named + "".join(_user(u.name, _grants(u, u.roles)) for u in store.users.values())


def _roles(roles, probe=False):
    texts = [f"<{r.name}>{_grants(r, r.roles)}</{r.name}>" for r in roles]
    if probe:  # for the statements of a login; what the administrator reads must not show it
        texts.append(f"<{PROBE_ROLE}><grants><query>GRANT USAGE ON *.*</query></grants></{PROBE_ROLE}>")
    return "".join(texts)


def _user(name, body):
    networks = "<networks><ip>::/0</ip></networks>"
    return f"<{name}><password/>{networks}<profile>default</profile><quota>default</quota>{body}</{name}>"


def _grants(entity, roles):
    """The explicit <grants>; without any, the engine would give a user nearly everything."""
    queries = list(entity.grants)
    queries += [f"GRANT `{name}`" + (" WITH ADMIN OPTION" if admin else "") for name, admin in roles.items()]
    return "<grants>" + "".join(f"<query>{escape(q)}</query>" for q in queries or ["GRANT USAGE ON *.*"]) + "</grants>"
