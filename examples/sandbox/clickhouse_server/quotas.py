"""Quotas: the clauses of CREATE and ALTER QUOTA, and counting what a login has used.

What the front can count (queries, selects, inserts, errors, rows of results, time) it counts, so that the numbers outlive
a reopening; rows and bytes read are the engine's own to count, from one opening to the next.
"""

import threading
import time
from datetime import datetime, timezone

from .access_parse import Reader
from .errors import ClickHouseError
from .lexer import quote_name

# INTERVAL units in seconds, as IntervalKind::toAvgSeconds.
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2629746, "quarter": 7889238, "year": 31556952}
_COUNTED = ("queries", "query_selects", "query_inserts", "errors", "result_rows", "execution_time")
_ENGINE = ("read_rows", "read_bytes", "result_bytes", "written_bytes")
_JOINED = {"client_key_or_user_name": ["client_key", "user_name"], "client_key_or_ip_address": ["client_key", "ip_address"]}


def apply(quota, clause):
    """Applies a clause as updateQuotaFromQueryImpl does: an interval not mentioned stays."""
    if clause.name == "NOT KEYED":
        quota.keys = []
    elif clause.name == "KEYED BY":
        names = [t.value for t in clause.tokens if t.is_name]
        quota.keys = [] if names == ["none"] else [n for name in names for n in _JOINED.get(name, [name])]
    elif clause.name == "FOR":
        for interval, drop in _intervals(clause.tokens):
            quota.intervals = [i for i in quota.intervals if i["duration"] != interval["duration"]] + ([] if drop else [interval])
        quota.intervals.sort(key=lambda i: i["duration"])


def _intervals(found):
    """Yields ({duration, randomized, limits}, whether it goes)."""
    reader = Reader("")
    reader.all = found
    while reader.peek() is not None:
        reader.accept("FOR")
        randomized = reader.accept("RANDOMIZED")
        reader.accept("INTERVAL")
        count = float(reader.take().value)
        duration = int(count * _UNITS[reader.take().text.lower()])
        drop = reader.accept("NO LIMITS")
        limits = {}
        if not drop and not reader.accept("TRACKING ONLY"):
            reader.accept("MAX")
            limits = dict(_limits(reader))
        yield {"duration": duration, "randomized": randomized, "limits": limits}, drop
        reader.comma()


def _limits(reader):
    while reader.peek() is not None and not reader.sees("FOR"):
        name = reader.take().value
        if reader.peek().is_op("="):
            reader.take()
        value = reader.take().value
        yield name, float(value) if name == "execution_time" else int(float(value))
        reader.comma()


def clauses(quota):
    """Returns the clauses of SHOW CREATE QUOTA; the engine's formatter finds the unit of an interval."""
    parts = ["KEYED BY " + ", ".join(quota.keys)] if quota.keys else []
    intervals = []
    for interval in quota.intervals:
        unit = next(u for u in reversed(_UNITS) if interval["duration"] % _UNITS[u] == 0)
        limits = ", ".join(f"{name} = {value:g}" if name == "execution_time" else f"{name} = {value}" for name, value in interval["limits"].items())
        kind = "RANDOMIZED INTERVAL" if interval["randomized"] else "INTERVAL"
        intervals.append(f"FOR {kind} {interval['duration'] // _UNITS[unit]} {unit} " + (f"MAX {limits}" if limits else "TRACKING ONLY"))
    return " ".join(parts + ([", ".join(intervals)] if intervals else []))


def of_login(store, user, roles):
    """Returns the quota that a login consumes, or None. ClickHouse takes one of those that match (QuotaCache.cpp), here the first by name."""
    return next((q for _, q in sorted(store.of("quota").items()) if q.to.reaches(user.name, roles)), None)


def xml(quota):
    """Returns the limits that the engine is left to count, for users.xml."""
    if quota is None:
        return ""
    return "".join(
        f"<interval><duration>{i['duration']}</duration>{''.join(f'<{n}>{v}</{n}>' for n, v in i['limits'].items() if n in _ENGINE)}</interval>"
        for i in quota.intervals
        if any(n in _ENGINE for n in i["limits"])
    )


class Counters:
    """What has been used: by quota, key, interval and kind."""

    def __init__(self):
        self.used, self.lock = {}, threading.Lock()

    def enter(self, quota, login, address, client_key, kind):
        """Counts a statement that is about to run. Raises 201."""
        key = _key(quota, login, address, client_key)
        amounts = {"queries": 1, "errors": 0, "result_rows": 0, "execution_time": 0}
        if kind in ("SELECT", "INSERT"):
            amounts[f"query_{kind.lower()}s"] = 1
        self._count(quota, login, key, amounts, True)
        return key

    def leave(self, quota, login, key, amounts):
        """Counts what it turned out to take; raises 201 where that is a result of too many rows."""
        self._count(quota, login, key, amounts, "result_rows" in amounts)

    def _count(self, quota, login, key, amounts, check):
        now = time.time()
        with self.lock:
            for interval in quota.intervals:
                duration = interval["duration"]
                start = int(now // duration) * duration
                counted = self.used.setdefault((quota.id, key, duration), [start, {}])
                if counted[0] != start:
                    counted[:] = [start, {}]
                for name, amount in amounts.items():
                    counted[1][name] = counted[1].get(name, 0) + amount
                if check:
                    _check(quota, login, interval, counted[1], start + duration, amounts)


def _check(quota, login, interval, used, end, amounts):
    for name in _COUNTED:
        limit = interval["limits"].get(name)
        if name in amounts and limit is not None and used.get(name, 0) > limit:
            until = datetime.fromtimestamp(end, timezone.utc)
            text = (
                f"Quota for user {quote_name(login)} for {interval['duration']}s has been exceeded: {name} = {used[name]}/{limit}. "
                f"Interval will end at {until:%Y-%m-%d %H:%M:%S}. Name of quota template: {quote_name(quota.name)}"
            )
            raise ClickHouseError(201, text)


def _key(quota, login, address, client_key):
    """Calculates the key as QuotaInfo::calculateKey does."""
    if quota.keys[:1] == ["client_key"]:
        if client_key:
            return client_key
        if len(quota.keys) == 1:
            raise ClickHouseError(198, f"Quota {quote_name(quota.name)} (for user {quote_name(login)}) requires a client supplied key.")
    by = quota.keys[-1] if quota.keys else ""
    return {"user_name": login, "ip_address": address, "forwarded_ip_address": address}.get(by, "")
