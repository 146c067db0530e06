"""The checks of clickhouse-connect; `run` starts them with the server's URL."""

import datetime
import sys
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.exceptions import DatabaseError

URL = urlsplit(sys.argv[1])
ROWS = [[i, f"value {i}", datetime.datetime(2024, 1, 1), [1, None]] for i in range(1000)]


def client(user=None, password=None, **more):
    """Opens a client as the administrator or another user."""
    login = (URL.username or "default", URL.password or "") if user is None else (user, password)
    return clickhouse_connect.get_client(
        host=URL.hostname, port=URL.port, secure=URL.scheme == "https", username=login[0], password=login[1], **more
    )


def same(found, wanted):
    """Fails unless two values are equal."""
    if found != wanted:
        raise AssertionError(f"{found!r} is not {wanted!r}")


def refused(code, call):
    """Fails unless a call is refused with an exception code."""
    try:
        call()
    except DatabaseError as error:
        if f"Code: {code}." not in str(error):
            raise AssertionError(f"refused otherwise: {error}") from error
        return
    raise AssertionError(f"not refused with {code}")


def main():
    """Runs all checks."""
    admin = client()
    admin.command("DROP DATABASE IF EXISTS conf_cc")
    admin.command("DROP USER IF EXISTS conf_cc")
    admin.command("CREATE DATABASE conf_cc")
    admin.command("CREATE TABLE conf_cc.t (a Int32, b String, d DateTime, x Array(Nullable(Int8))) ENGINE = MergeTree ORDER BY a")
    for compress in (False, True, "lz4", "gzip"):
        with client(compress=compress) as other:
            other.insert("conf_cc.t", ROWS, column_names=["a", "b", "d", "x"])
            same(other.query("SELECT number FROM numbers(100000)").row_count, 100000)
    same(admin.command("SELECT count() FROM conf_cc.t"), 4000)
    found = admin.query("SELECT DISTINCT * FROM conf_cc.t WHERE a = {n:Int32}", parameters={"n": 7}).result_rows
    same([list(row) for row in found], [ROWS[7]])
    found = admin.query("SELECT {s:String}, {l:Array(String)}", parameters={"s": "it's\ta", "l": ["x'", "y"]}).result_rows
    same([list(row) for row in found], [["it's\ta", ["x'", "y"]]])
    same(client(settings={"max_threads": 2}).query("SELECT getSetting('max_threads')").result_rows, [(2,)])
    refused(60, lambda: admin.query("SELECT * FROM conf_cc.nope"))
    refused(516, lambda: client("conf_cc", "wrong"))
    admin.command("CREATE USER conf_cc IDENTIFIED WITH sha256_password BY 'pw'")
    tenant = client("conf_cc", "pw")
    same(tenant.command("SELECT currentUser()"), "conf_cc")
    refused(497, lambda: tenant.query("SELECT * FROM conf_cc.t"))
    admin.command("GRANT SELECT, INSERT ON conf_cc.* TO conf_cc")
    tenant.insert("conf_cc.t", ROWS, column_names=["a", "b", "d", "x"])
    same(tenant.command("SELECT count() FROM conf_cc.t"), 5000)
    admin.command("DROP USER conf_cc")
    admin.command("DROP DATABASE conf_cc")
    print("clickhouse-connect: ok")


main()
