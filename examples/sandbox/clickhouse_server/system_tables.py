"""Fills system.users, system.roles and system.role_grants with what users.xml cannot hold: ids, storage, hosts, expiry, defaults."""

import json

from .lexer import quote_name, quote_string

STORAGE = "local_directory"


def install(engine, store, admin):
    """Replaces the engine's three tables by tables with the same columns (until the engine is next opened)."""
    for table, rows in (
        ("users", list(_users(engine, store, admin))),
        ("roles", [{"name": r.name, "id": r.id, "storage": STORAGE} for r in store.roles.values()]),
        ("role_grants", list(_role_grants(engine, store))),
    ):
        _replace(engine, table, rows)


def _rows(engine, sql):
    answer = engine.execute(sql + " FORMAT JSONEachRow")
    return [json.loads(line) for line in answer.data.decode().splitlines()]


def _replace(engine, table, rows):
    columns = _rows(engine, f"DESCRIBE TABLE system.{table}")
    spelled = ", ".join(f"{quote_name(c['name'])} {c['type']} COMMENT {quote_string(c['comment'])}" for c in columns)
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
