"""The one thread that owns the engine: it runs statements one by one, those of one login in a row where it can."""

import copy
import queue
import re
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field

from . import policies, show, system_tables, users_xml
from .access import Access
from .engine import Answer, Context, Engine
from .engine_process import RemoteEngine
from .errors import ClickHouseError, not_supported
from .lexer import quote_name, quote_string
from .model import Store
from .privileges import Privileges, check_system_tables
from .statement import Statement

IN_A_ROW = 64  # statements of one login before another login's turn
COMPACT_ABOVE = 24  # GRANT and REVOKE texts kept for one grantee before the engine's own summary replaces them


_SHOWN = {"USER", "USERS", "ROLE", "ROLES", "SETTINGS", "PROFILE", "PROFILES", "QUOTA", "QUOTAS", "ROW", "POLICY", "POLICIES"}
ADMIN, USERS = "*administrator*", "*users*"


@dataclass
class Mode:
    """What the engine is open for: the administrator, all users, or (by name) one user with settings of its own."""

    who: str
    text: str
    version: int
    has_tables: bool = False

    def suits(self, job):
        """Tells whether a job is likely to run without reopening the engine."""
        return self.who in ((ADMIN, USERS) if job.login is None else (USERS, job.login_name))


@dataclass
class Job:
    """One statement to run. `login` is None for the administrator."""

    statement: Statement
    login_name: str
    login: object
    context: Context
    roles: list = None
    future: Future = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)


class Worker:
    """Runs jobs on a thread of its own."""

    def __init__(self, version, folder, admin):
        self.admin, self.version_name = admin, version
        self.store = Store(folder)
        self.folder = folder
        self.jobs = queue.SimpleQueue()
        self.waiting, self.streak = [], 0
        self.columns = {}  # of the system tables that the sandbox fills
        self.ready = Future()
        self.thread = threading.Thread(target=self._loop, name="engine", daemon=True)
        self.thread.start()
        self.version = self.ready.result()

    def run(self, job):
        """Runs a job and returns its Answer; raises ClickHouseError."""
        self.jobs.put(job)
        return job.future.result()

    def stop(self):
        """Lets the running statement end, then closes the engine."""
        self.jobs.put(None)
        self.thread.join(timeout=10)

    def _loop(self):
        try:
            self.engine = (RemoteEngine if self.version_name == "24.8" else Engine)(self.version_name, self.folder)
            self.mode = None
            self.become_admin()
            version = self._text("SELECT version()").strip()
            rows = self._text("SELECT toString(privilege), toString(level) FROM system.privileges")
            privileges = Privileges([line.replace("\\N", "").split("\t") for line in rows.splitlines()])
            self.access = Access(self.store, self.admin, privileges, self.version_name)
        except BaseException as error:  # the starter reports it
            self.ready.set_exception(error)
            return
        self.ready.set_result(version)
        while (job := self._next()) is not None:
            try:
                job.future.set_result(self._execute(job))
            except BaseException as error:
                job.future.set_exception(error)
        self.engine.close()

    def _next(self):
        """Picks the next job: one of the same login if there is one, but not for ever; else the oldest."""
        if not self.waiting:
            self.waiting.append(self.jobs.get())
        while not self.jobs.empty():
            self.waiting.append(self.jobs.get())
        if None in self.waiting:
            return None
        same = next((j for j in self.waiting if self.mode and self.mode.suits(j)), None)
        self.streak = self.streak + 1 if same and self.streak < IN_A_ROW else 0
        job = same if self.streak else self.waiting[0]
        self.waiting.remove(job)
        return job

    def _text(self, sql, context=None):
        return self.engine.execute(sql, context).data.decode("utf-8", "surrogateescape")

    # --- which users.xml the engine is open with ---

    def _open(self, who, text):
        if self.mode is None or self.mode.who != who or self.mode.text != text:
            self.mode = None
            self.engine.open(text)
            self.mode = Mode(who, text, self.store.version)

    def become_admin(self):
        """Has the engine run as the administrator. It may be open for users too: then the statement picks a role."""
        if self.mode is None or self.mode.who not in (ADMIN, USERS):
            self._open(ADMIN, users_xml.for_admin(self.store, self.admin))
        return [users_xml.ADMIN] if self.mode.who == USERS else None

    def _become_reader(self):
        """Opens the engine with the users, roles and grants as they are now and nothing beside, to be read."""
        current = self.mode is not None and self.mode.who == ADMIN and self.mode.version == self.store.version
        if not current or self.engine.dirty:
            self.mode = None  # even the same users.xml: the tables to be filled are the engine's fresh ones
            self._open(ADMIN, users_xml.for_admin(self.store, self.admin))
        if not self.mode.has_tables:
            self._compact()
            system_tables.install(self.engine, self.store, self.admin, self.columns)
            self.mode.has_tables = True

    def become_user(self, job):
        """Has the engine run with a user's rights; returns the roles to pick. Users with settings get an opening of their own."""
        user = self.store.users.get(job.login.name)
        if user is None or user.id != job.login.id:
            raise ClickHouseError(516, f"{job.login_name}: the user was dropped meanwhile")
        if users_xml.needs_own(self.store, user, job.roles):
            roles = self.store.enabled_roles(user, job.roles)
            conditions = policies.filters(self.store, user, roles, self._tables_of)
            self._open(user.name, users_xml.for_login(self.store, user, job.roles, self.admin, conditions))
            return None
        if self.mode is None or self.mode.who != USERS or self.mode.version != self.store.version:
            self._open(USERS, users_xml.for_logins(self.store, self.admin))
            self.mode.version = self.store.version
        return users_xml.login_roles(user, job.roles)

    def _tables_of(self, database):
        """The tables of a database, which a policy on all of them is written out for."""
        sql = f"SELECT name FROM system.tables WHERE database = {quote_string(database)} ORDER BY name"
        return self._text(sql, Context(format="TSVRaw", roles=self.become_admin(), inside=True)).splitlines()

    def _compact(self):
        """Replaces long lists of GRANT and REVOKE by what the engine made of them."""
        for entity in self.store.entities():
            if len(entity.grants) <= COMPACT_ABOVE:
                continue
            if entity.kind == "role" and entity.name in self.store.users:
                continue  # SHOW GRANTS FOR would answer for the user
            shown = self._text(f"SHOW GRANTS FOR {quote_name(entity.name)}", Context(format="TSVRaw")).splitlines()
            texts = [_without_grantee(line) for line in shown if " ON " in line]
            if len(texts) < len(entity.grants):
                version = self.store.version
                entity.grants = texts
                self.store.save(entity)
                self.store.version = version  # the engine's view is the same

    # --- the statements ---

    def _execute(self, job):
        statement = job.statement
        if statement.is_access:
            return self._run_access(job)
        special = self._special(job)
        if special is not None:
            return special
        if job.login is None and statement.reads_access:
            self._become_reader()
        elif job.login is None or (statement.is_table_less and not users_xml.needs_own(self.store, job.login, job.roles)):
            job.context.roles = self.become_admin()
        else:
            return self._run_as_user(job)
        return self._plain(job)

    def _plain(self, job):
        if job.statement.head:
            return self.engine.insert(job.statement, job.context)
        native = "" if self.version_name == "24.8" else "default"
        text = job.statement.text if job.login_name == native else job.statement.with_login(job.login_name)
        if self.version_name != "26.9" and job.statement.first == "DROP":
            text = job.statement.without_sync()
        answer = self.engine.execute(text, job.context)
        if job.statement.first in ("SET", "USE"):
            self.engine.forget_session()
        return answer

    def _run_as_user(self, job):
        """Runs a statement with a user's rights; what reads users and roles is checked so and then answered by the administrator."""
        try:
            job.context.roles = self.become_user(job)
            self._check_system(job)
            if job.statement.words(2) == ["SHOW", "GRANTS"] and "FOR" not in job.statement.words(6):
                return self._own_grants(job)
            answer = self._plain(job)
        except ClickHouseError as error:
            raise _renamed(error, job.login_name) from None
        if job.statement.reads_access and job.statement.kind == "read":
            self._become_reader()
            job.context.roles = None
            answer = self._plain(job)
        return answer

    def _check_system(self, job):
        if job.statement.first not in ("SELECT", "WITH", "INSERT"):
            return
        roles = self.store.enabled_roles(job.login, job.roles)
        grants = [text for holder in [job.login, *(self.store.roles[name] for name in roles)] for text in holder.grants]
        check_system_tables(job.statement.tokens, job.context.database, job.login_name, grants)

    def _own_grants(self, job):
        self._become_reader()
        job.context.roles = None
        text = re.sub(r"(?i)\bGRANTS\b", f"GRANTS FOR {quote_name(job.login_name)}", job.statement.text, count=1)
        return self.engine.execute(text, job.context)

    def _run_access(self, job):
        opening = _Opening(self, job)

        def run(sql, raw=False):
            context = copy.copy(job.context)
            context.format, context.roles = "TSVRaw", opening.roles
            if raw:
                context = Context(format="TSVRaw", settings=context.settings)
            return self._text(sql, context)

        try:
            self.access.execute(job.statement.text, job.login, job.context, run, self._ask, opening)
        except ClickHouseError as error:
            raise _renamed(error, job.login_name) from None
        return Answer(b"")

    def has_rights_of(self, job):
        """Tells whether the engine, though perhaps behind, is open with the present rights of the job's login."""
        user = self.store.users.get(job.login.name)
        if user is None or user.id != job.login.id or self.mode is None:
            return False
        changed = self.store.changed_since(self.mode.version)
        own = {("user", user.name)} | {("role", name) for name in self.store.enabled_roles(user, list(user.roles))}
        if changed & own or any(kind not in ("user", "role") for kind, _ in changed):
            return False
        return self.mode.who == (user.name if users_xml.needs_own(self.store, user, job.roles) else USERS)

    def _ask(self, sql, settings=None):
        """Queries the engine as it is open, with settings for the one query."""
        return self._text(sql, Context(format="TSVRaw", settings=settings, inside=True))

    def _special(self, job):
        words = job.statement.words(4) + [""] * 4
        if words[:2] == ["SHOW", "CREATE"] and words[2] in _SHOWN:
            return self._show_create(job)
        if words[0] == "SHOW" and words[1] == "GRANTS" and job.login is None and job.login_name != "default" and "FOR" not in job.statement.words(6):
            return self._own_grants(job)
        if words[0] == "EXECUTE" and words[1] == "AS":
            raise not_supported("EXECUTE AS")
        return None

    def _show_create(self, job):
        if job.login is None:
            self.become_admin()
        elif [t.value for t in job.statement.tokens[3:]] != [job.login_name]:
            self._may_look(job)
        canonical = self._text(f"SELECT formatQuerySingleLine({quote_string(job.statement.text)})", Context(format="TSVRaw", inside=True))
        texts = show.Creates(self.access, self.version_name, self._ask).of(canonical.strip(), job.login_name, job.context.database)
        column = canonical.strip().removeprefix("SHOW ").split(" FORMAT ")[0]
        listed = ", ".join(quote_string(t) for t in texts)
        context = copy.copy(job.context)
        context.format, context.roles = job.statement.output_format or context.format, None
        return self.engine.execute(f"SELECT arrayJoin([{listed}]::Array(String)) AS {quote_name(column)}", context)

    def _may_look(self, job):
        """Has the engine refuse who may not look. Profiles, quotas and policies are unknown to it, which it says only after that."""
        try:
            self._run_as_user(job)
        except ClickHouseError as error:
            if not error.matches(180, 199, 523):
                raise


class _Opening:
    """The engine as an access statement finds it: for a login it may be behind, as long as the login's rights are those of now."""

    def __init__(self, worker, job):
        self.worker, self.job = worker, job
        if job.login is None:
            self.roles = worker.become_admin()
        elif worker.has_rights_of(job):
            self.roles = users_xml.login_roles(job.login, job.roles) if worker.mode.who == USERS else None
        else:
            self.refresh()

    def changed(self):
        """What has changed since the engine was opened."""
        return self.worker.store.changed_since(self.worker.mode.version)

    def refresh(self):
        """Reopens the engine if it is behind."""
        self.roles = self.worker.become_user(self.job)


def _renamed(error, login_name):
    """The engine's user is always `default`; its refusals should name the login."""
    error.text = error.text.replace("DB::Exception: default: ", f"DB::Exception: {login_name}: ", 1)
    return error


def _without_grantee(line):
    """Cuts ` TO name` or ` FROM name` out of a line of SHOW GRANTS."""
    link = " TO " if line.startswith("GRANT") else " FROM "
    head, _, tail = line.rpartition(link)
    option = " WITH GRANT OPTION" if tail.endswith(" WITH GRANT OPTION") else ""
    return head + option
