"""Fills the system tables of access entities with what users.xml cannot hold: ids, storage, hosts, expiry, sets, rules."""

import json

from . import settings_profiles
from .lexer import quote_string

STORAGE = "local_directory"


def install(engine, store, admin, known):
    """Replaces the engine's tables by tables with the same columns (until the engine is next opened).

    `known` remembers those columns from one opening to the next.
    """
    for table, rows in (
        ("users", list(_users(engine, store, admin))),
        ("roles", [{"name": r.name, "id": r.id, "storage": STORAGE} for r in store.roles.values()]),
        ("role_grants", list(_role_grants(engine, store))),
        ("settings_profiles", list(_profiles(engine, store))),
        ("settings_profile_elements", list(_profile_elements(engine, store, admin))),
        ("quotas", list(_quotas(engine, store, admin))),
        ("quota_limits", list(_quota_limits(store))),
        ("row_policies", list(_policies(store))),
    ):
        if table not in known:
            known[table] = _rows(engine, f"DESCRIBE TABLE system.{table}")
        _replace(engine, table, rows, known[table])


def _rows(engine, sql):
    answer = engine.execute(sql + " FORMAT JSONEachRow")
    return [json.loads(line) for line in answer.data.decode().splitlines()]


def _replace(engine, table, rows, columns):
    spelled = ", ".join(f"`{c['name']}` {c['type']} COMMENT {quote_string(c['comment'])}" for c in columns)
    engine.execute(f"DETACH TABLE system.{table}")
    engine.execute(f"CREATE TABLE system.{table} ({spelled}) ENGINE = Memory")
    if not rows:
        return
    known = {c["name"]: c["type"] for c in columns}
    path = engine.run / "rows.json"
    lines = ({k: _fit(v, known[k]) for k, v in row.items() if k in known} for row in rows)
    path.write_text("\n".join(json.dumps(line) for line in lines))
    engine.execute(f"INSERT INTO system.{table} FROM INFILE {quote_string(str(path))} COMPRESSION 'none' FORMAT JSONEachRow")
    path.unlink()


def _fit(value, column_type):
    """Engine 24.8 has one authentication method a user, so one value where later engines have an array."""
    if isinstance(value, list) and not column_type.startswith("Array"):
        return value[0] if value else None
    return value


def _users(engine, store, admin):
    named = " OR ".join(f"name = {quote_string(name)}" for name in {"default", admin})
    yield from _rows(engine, f"SELECT * FROM system.users WHERE {named}")
    for user in store.users.values():
        yield {
            "name": user.name,
            "id": user.id,
            "storage": STORAGE,
            "auth_type": [m["type"] for m in user.auth],
            "auth_params": [_auth_params(m) for m in user.auth],
            "valid_until": [m.get("valid_until", 0) for m in user.auth],
            "auth_grants": ["" for _ in user.auth],
            **_hosts(user.hosts),
            "default_roles_all": int(user.default_roles.all),
            "default_roles_list": user.default_roles.names,
            "default_roles_except": user.default_roles.excluded,
            "grantees_any": int(user.grantees.all),
            "grantees_list": user.grantees.names,
            "grantees_except": user.grantees.excluded,
            "default_database": user.default_database,
        }


def _auth_params(method):
    """The parameters of a method as StorageSystemUsers.cpp writes them; a password has none."""
    found = {}
    if method["type"] == "ldap":
        found = {"server": method["server"]}
    elif method["type"] == "kerberos":
        found = {"realm": method["realm"]}
    elif method["type"] == "ssl_certificate":
        named = {"common_names": method["names"], "subject_alt_names": method.get("alt_names", [])}
        found = {key: names for key, names in named.items() if names}
    return json.dumps(found, separators=(",", ":"))


def _hosts(rules):
    def of(*kinds):
        return [pattern for kind, pattern in rules if kind in kinds]

    ips = ["::/0"] if ["any", ""] in rules else of("ip")
    names = (["localhost"] if ["local", ""] in rules else []) + of("name")
    return {"host_ip": ips, "host_names": names, "host_names_regexp": of("regexp"), "host_names_like": of("like")}


def _role_grants(engine, store):
    """The engine's rows with the sandbox's ids and default roles, where the holder is the sandbox's own."""
    for row in _rows(engine, "SELECT * FROM system.role_grants"):
        role = store.roles.get(row["granted_role_name"])
        if role is not None:
            row["granted_role_id"] = role.id
        user = store.users.get(row["user_name"] or "")
        if user is not None:
            row["granted_role_is_default"] = int(row["granted_role_name"] in user.default_roles)
        yield row


def _to(names):
    return {"apply_to_all": int(names.all), "apply_to_list": names.names, "apply_to_except": names.excluded}


def _profiles(engine, store):
    yield from _rows(engine, "SELECT * FROM system.settings_profiles WHERE name = 'default'")
    for profile in store.profiles.values():
        yield {"name": profile.name, "id": profile.id, "storage": STORAGE, "num_elements": len(profile.settings), **_to(profile.to)}


def _profile_elements(engine, store, admin):
    named = " OR ".join(f"user_name = {quote_string(name)}" for name in {"default", admin})
    yield from _rows(engine, f"SELECT * FROM system.settings_profile_elements WHERE {named}")
    for column, kind in (("profile_name", "profile"), ("user_name", "user"), ("role_name", "role")):
        for entity in store.of(kind).values():
            yield from settings_profiles.rows(column, entity.name, entity.settings)


def _quotas(engine, store, admin):
    for row in _rows(engine, "SELECT * FROM system.quotas WHERE name = 'default'"):
        yield {**row, "apply_to_list": [name for name in row["apply_to_list"] if name in ("default", admin)]}
    for quota in store.of("quota").values():
        durations = [i["duration"] for i in quota.intervals]
        yield {"name": quota.name, "id": quota.id, "storage": STORAGE, "keys": quota.keys, "durations": durations, **_to(quota.to)}


def _quota_limits(store):
    for quota in store.of("quota").values():
        for interval in quota.intervals:
            limits = {f"max_{name}": value for name, value in interval["limits"].items()}
            yield {"quota_name": quota.name, "duration": interval["duration"], "is_randomized_interval": int(interval["randomized"]), **limits}


def _policies(store):
    for policy in store.of("policy").values():
        yield {
            "name": policy.name,
            "short_name": policy.short_name,
            "database": policy.database,
            "table": policy.table,
            "id": policy.id,
            "storage": STORAGE,
            "select_filter": policy.filter,
            "is_restrictive": int(policy.restrictive),
            **_to(policy.to),
        }
