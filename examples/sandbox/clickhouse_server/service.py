"""Answers one request: checks the login, runs the statement on the worker, keeps the log and the set of running query ids."""

import re
import json
import threading
import time
import traceback
import uuid

from . import access_parse, auth, framing, quotas, statement
from .engine import Answer, Context
from .errors import ClickHouseError
from .sessions import Sessions
from .worker import Job

_HTTP_COMPRESSION = {"26.9": True}  # enable_http_compression by default


class Reply:
    """An answer to send: status, headers and body."""

    def __init__(self, status, body, headers):
        self.status, self.body, self.headers = status, body, headers


class Service:
    """The sandbox behind its HTTP front."""

    def __init__(self, worker, log, admin, password):
        self.worker, self.log, self.admin, self.password = worker, log, admin, password
        self.sessions, self.counters = Sessions(), quotas.Counters()
        self.running, self.lock = set(), threading.Lock()

    def login(self, request, address, certificate=()):
        """Verifies a login; returns its User, or None for the administrator. Raises 516."""
        if request.user == self.admin:
            if request.by_certificate or request.password != self.password:
                raise auth.refused(request.user)
            return None
        user = self.worker.store.users.get(request.user)
        if user is None:
            raise auth.refused(request.user)
        auth.check(user, request.password, address, certificate if request.by_certificate else ())
        return user

    def answer(self, request, address, certificate=()):
        """Answers a request that carries a statement; always returns a Reply."""
        started = time.monotonic()
        request.address = address
        request.query_id = request.query_id or str(uuid.uuid4())
        found, kind, session = None, "read", None
        try:
            user = self.login(request, address, certificate)
            self._enter_query(request)
            try:
                session = self.sessions.enter(request)
                found = statement.parse(request.query, request.body, request.format)
                kind = found.kind
                answer = self._run(request, found, user, session)
            finally:
                self.sessions.leave(request, session)
                self._leave_query(request)
            reply, code = self._success(request, found, answer, time.monotonic() - started), 0
        except ClickHouseError as error:
            reply, code = self.failure(error, request, found), error.code
        except Exception as error:  # a fault of the sandbox; tell it apart from the engine's refusals
            traceback.print_exc()
            reply, code = self.failure(ClickHouseError(1001, f"the sandbox failed: {error!r}"), request), 1001
        self._log(request, kind, reply, code, started)
        return reply

    def _log(self, request, kind, reply, code, started):
        self.log.write(
            user=request.user,
            query_id=request.query_id,
            log_comment=request.settings.get("log_comment", ""),
            status=reply.status,
            code=code,
            duration_ms=round((time.monotonic() - started) * 1000, 3),
            kind=kind,
            statement=request.received,
            params=request.params,
            database=request.database,
        )

    def _enter_query(self, request):
        with self.lock:
            if request.query_id in self.running:
                raise ClickHouseError(216, f"Query with id = {request.query_id} is already running.")
            self.running.add(request.query_id)

    def _leave_query(self, request):
        with self.lock:
            self.running.discard(request.query_id)

    def _run(self, request, found, user, session):
        settings = {**(session.settings if session else {}), **request.settings}
        database = request.database or (session.database if session else "") or (user.default_database if user else "")
        roles = request.roles if request.roles is not None else (session.roles if session else None)
        if roles:
            self._check_roles(user, roles)
        if found.words(2) == ["SET", "ROLE"] and user is not None:
            return self._set_role(found, user, session)
        context = Context(database, settings, request.params, request.format or "TabSeparated", request.readonly)
        job = Job(found, request.user, user, context, roles)
        answer = self.worker.run(job) if user is None else self._within_quota(job, request)
        if session is not None:
            self._remember(session, found, user)
        return answer

    def _within_quota(self, job, request):
        """Runs a statement of a user and counts it against the user's quota. Raises 201."""
        store = self.worker.store
        quota = quotas.of_login(store, job.login, store.enabled_roles(job.login, job.roles))
        if quota is None or job.statement.first in ("SET", "USE"):
            return self.worker.run(job)
        key = self.counters.enter(quota, request.user, request.address, request.quota_key, job.statement.first)
        started = time.monotonic()
        try:
            answer = self.worker.run(job)
        except ClickHouseError:
            self.counters.leave(quota, request.user, key, {"errors": 1, "execution_time": time.monotonic() - started})
            raise
        took = {"result_rows": answer.read_rows if job.statement.kind == "read" else 0, "execution_time": time.monotonic() - started}
        self.counters.leave(quota, request.user, key, took)
        return answer

    def _check_roles(self, user, roles):
        for name in roles:
            if name not in self.worker.store.roles:
                raise ClickHouseError(511, f"There is no role `{name}` in `user directories`.")
            if user is None or name not in user.roles:
                raise ClickHouseError(512, "Role should be granted to set current")

    def _set_role(self, found, user, session):
        """SET ROLE, which only a session keeps; the engine knows the user under another name."""
        wanted = read_set_of(found.tokens[2:])
        if wanted is not None:
            self._check_roles(user, wanted.names + wanted.excluded)
        if session is not None:
            session.roles = None if wanted is None else [name for name in user.roles if name in wanted]
        return Answer(b"")

    def _remember(self, session, found, user):
        """Keeps what SET and USE change, which the engine has accepted by now."""
        words = found.words(2)
        if words[:1] == ["USE"] and len(found.tokens) > 1:
            session.database = found.tokens[-1 if not found.tokens[-1].is_op(";") else -2].value
        if words[:1] == ["SET"] and words[1:] not in (["ROLE"], ["DEFAULT"], ["TRANSACTION"]):
            for name, value in _assignments(found.tokens[1:]):
                session.settings[name] = value

    def _headers(self, request):
        headers = {
            "X-ClickHouse-Server-Display-Name": "charter-sandbox",
            "X-ClickHouse-Query-Id": request.query_id,
            "X-ClickHouse-Timezone": "UTC",
        }
        if self.worker.version_name == "26.9":
            headers["X-ClickHouse-Exception-Tag"] = uuid.uuid4().hex[:16]
        return headers

    def _success(self, request, found, answer, elapsed):
        output_format = found.output_format or request.format or "TabSeparated"
        headers = self._headers(request)
        headers["Content-Type"] = content_type(output_format)
        if not found.head:
            headers["X-ClickHouse-Format"] = output_format
        headers["X-ClickHouse-Summary"] = _summary(answer, elapsed)
        return Reply(200, self._encode(request, answer.data, headers), headers)

    def failure(self, error, request, found=None):
        """The Reply to a failed request."""
        headers = self._headers(request)
        headers["Content-Type"] = "text/plain; charset=UTF-8"
        headers["X-ClickHouse-Exception-Code"] = str(error.code)
        headers["X-ClickHouse-Summary"] = _summary(Answer(b""), 0)
        if error.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="ClickHouse server HTTP API"'
        text = re.sub(r" \(version [^()]*(\([^()]*\))?\)\s*$", "", error.text) + f" (version {self.worker.version})\n"
        if found is not None and self._writes_exceptions_in_format(request, found, error):
            headers["Content-Type"] = content_type("JSON")
            text = "{" + f'"exception": {json.dumps(text.strip())}' + "}\n"
        return Reply(error.status, self._encode(request, text.encode("utf-8", "surrogateescape"), headers), headers)

    def _writes_exceptions_in_format(self, request, found, error):
        """Before 25.11 the errors of a statement come in its output format, if that is a JSON one (http_write_exception_in_output_format)."""
        default = "0" if self.worker.version_name == "26.9" else "1"
        wanted = request.settings.get("http_write_exception_in_output_format", default)
        output_format = found.output_format or request.format
        return wanted in ("1", "true") and output_format.startswith("JSON") and not error.matches(81, 115, 216, 373, 516)

    def _encode(self, request, body, headers):
        if request.compress:
            return framing.write_blocks(body)
        wanted = request.settings.get("enable_http_compression")
        enabled = wanted in ("1", "true") if wanted is not None else _HTTP_COMPRESSION.get(self.worker.version_name, False)
        if enabled and request.encoding:
            headers["Content-Encoding"] = request.encoding
            return framing.encode_body(body, request.encoding)
        return body


def read_set_of(found):
    """Reads the roles of SET ROLE: None for DEFAULT."""
    found = [t for t in found if not t.is_op(";")]
    if found and found[0].is_word("DEFAULT"):
        return None
    return access_parse.set_of(access_parse.Clause("ROLE", "", found))


def _assignments(found):
    """Yields the pairs of SET a = 1, b = 'x'."""
    for i, token in enumerate(found):
        if token.is_op("=") and i > 0 and i + 1 < len(found):
            value = found[i + 1]
            sign = value.text if value.is_op("-", "+") and i + 2 < len(found) else ""
            yield found[i - 1].value, (sign + found[i + 2].value) if sign else value.value


def _summary(answer, elapsed):
    values = {
        "read_rows": answer.read_rows,
        "read_bytes": answer.read_bytes,
        "written_rows": answer.written_rows,
        "written_bytes": 0,
        "total_rows_to_read": 0,
        "result_rows": 0,
        "result_bytes": len(answer.data),
        "elapsed_ns": int(elapsed * 1e9),
    }
    return "{" + ",".join(f'"{k}":"{v}"' for k, v in values.items()) + "}"


def content_type(output_format):
    """The Content-Type that ClickHouse sends for an output format."""
    lower = output_format.lower()
    if lower in ("tabseparated", "tsv") or lower.startswith(("tabseparatedwith", "tsvwith", "tabseparatedraw", "tsvraw")):
        return "text/tab-separated-values; charset=UTF-8"
    if lower.startswith("csv"):
        return "text/csv; charset=UTF-8; header=" + ("present" if "names" in lower else "absent")
    if lower.endswith("eachrow") and lower.startswith("json"):
        return "application/x-ndjson; charset=UTF-8"
    if lower.startswith("json"):
        return "application/json; charset=UTF-8"
    if lower.startswith(("rowbinary", "native", "parquet", "arrow", "orc", "avro")):
        return "application/octet-stream"
    return "text/plain; charset=UTF-8"
