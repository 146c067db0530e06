"""The ClickHouse engine as chDB has it: one per process, opened over a data folder with a users.xml, closed, reopened.

Every statement runs in a session of its own, so that settings and parameters do not outlive it. chDB 3 (engine 24.8)
has a single session a process; there they are taken back after each statement.
"""

import glob
import importlib.util
import os
import re
import shutil
import sys
import types
from dataclasses import dataclass
from pathlib import Path

from .errors import ClickHouseError
from .lexer import quote_name, quote_string

CONFIG = """<clickhouse>
    <users_config>users.xml</users_config>
    <logger><level>none</level></logger>
</clickhouse>
"""

# Settings that differ between the library and a server.
SERVER_DEFAULTS = {
    "26.9": "SET implicit_select = 0, allow_introspection_functions = 0",
    "25.8": "SET implicit_select = 0, allow_introspection_functions = 0",
    "24.8": "SET allow_introspection_functions = 0",
}


@dataclass
class Answer:
    """What a statement gave: the bytes in the format asked for, and the engine's counters."""

    data: bytes
    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0


@dataclass
class Context:
    """What surrounds one statement: its database, settings, parameters and default output format."""

    database: str = ""
    settings: dict = None
    params: dict = None
    format: str = "TabSeparated"
    readonly: bool = False
    inside: bool = False  # one of the sandbox's own statements
    roles: list = None  # the roles to pick first; None leaves the engine's user as it is


def load_library():
    """Imports chDB's extension module itself: the package's own start-up opens an engine and imports pandas."""
    folder = _package_folder()
    package = types.ModuleType("chdb")
    package.__path__ = [folder]
    sys.modules["chdb"] = package
    library = glob.glob(os.path.join(folder, "_chdb.*so"))[0]
    before = os.getcwd()
    os.chdir(folder)  # it looks for its helper libraries there
    spec = importlib.util.spec_from_file_location("chdb._chdb", library)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    os.chdir(before)
    return module


def _package_folder():
    for entry in sys.path:
        if glob.glob(os.path.join(entry, "chdb", "_chdb.*so")):
            return os.path.join(entry, "chdb")
    raise RuntimeError("chdb is not installed in this environment")


class NeedsReopening(Exception):
    """The single session of engine 24.8 holds what a statement must not see; its owner opens the engine anew."""


class Engine:
    """The engine over one data folder. Not thread-safe: one thread owns it."""

    def __init__(self, version, folder):
        self.version_name = version
        self.single_session = version == "24.8"
        self.data = Path(folder) / "engine"
        self.run = Path(folder) / "run"
        self.data.mkdir(parents=True, exist_ok=True)
        self.run.mkdir(parents=True, exist_ok=True)
        (self.run / "config.xml").write_text(CONFIG)
        os.chdir(self.run)  # engine 24.8 reads config.xml from the current folder
        self.library = load_library()
        self.connection = None
        self.dirty = False
        self.stale_params = set()

    def open(self, users_xml):
        """Opens, or reopens, the engine with these users."""
        self.close()
        (self.run / "users.xml").write_text(users_xml)
        self._forget_system_tables()
        self.connection = self._connect()

    def close(self):
        """Closes the engine."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        self.dirty, self.stale_params = False, set()

    def _connect(self):
        config = "" if self.single_session else f"?config-file={self.run}/config.xml"
        try:
            return self.library.connect(f"{self.data}{config}")
        except RuntimeError as error:
            raise ClickHouseError.from_engine(str(error)) from None

    def _forget_system_tables(self):
        """Engine 24.8 keeps `system` on disk and would trip over the tables that the sandbox put there."""
        if not self.single_session:
            return
        folder = self.data / "metadata" / "system"
        shutil.rmtree(os.path.realpath(folder), ignore_errors=True)
        if folder.is_symlink():
            folder.unlink()
        (self.data / "metadata" / "system.sql").unlink(missing_ok=True)

    def execute(self, sql, context=None):
        """Runs one statement and returns its Answer. Raises ClickHouseError with the engine's own text."""
        context = context or Context(inside=True)
        if not self.single_session:
            session = self._connect()
            try:
                self._prepare(session, context)
                return self._query(session, sql, context.format)
            finally:
                session.close()
        if self.dirty or self._mentions_stale_param(sql, context):
            raise NeedsReopening
        try:
            self._prepare(self.connection, context)
            return self._query(self.connection, sql, context.format)
        finally:
            self._take_back(context)

    def forget_session(self):
        """Has the single session of engine 24.8 reopened before the next statement, after a SET or USE."""
        self.dirty = self.single_session

    def _prepare(self, session, context):
        if not context.inside:
            self._quietly(session, SERVER_DEFAULTS[self.version_name])
        if self.single_session and context.roles is not None:
            self._query(session, "SET ROLE DEFAULT")  # all of them; another user's choice may still hold
        if context.database and context.database != "default":  # before the roles: a server asks no right for it
            self._query(session, f"USE {quote_name(context.database)}")
        if context.roles is not None:
            self._query(session, "SET ROLE " + (", ".join(map(quote_name, context.roles)) or "NONE"))
        for name, value in (context.params or {}).items():
            self._query(session, f"SET param_{name}={quote_string(value)}")
        if context.settings:
            pairs = (f"{quote_name(name)}={quote_string(value)}" for name, value in context.settings.items())
            self._query(session, "SET " + ", ".join(pairs))
        if context.readonly:
            self._query(session, "SET readonly=2")

    def _mentions_stale_param(self, sql, context):
        stale = self.stale_params - set(context.params or {})
        text = sql if isinstance(sql, str) else sql.decode("utf-8", "replace")
        return any(re.search(r"\{\s*" + name + r"\s*:", text) for name in stale)

    def _take_back(self, context):
        self.stale_params |= set(context.params or {})
        if context.readonly or "readonly" in (context.settings or {}):
            self.dirty = True
        for name in context.settings or {}:
            self._quietly(self.connection, f"SET {quote_name(name)}=DEFAULT")
        if context.database:
            self._quietly(self.connection, "USE default")

    def _quietly(self, session, sql):
        try:
            self._query(session, sql)
        except ClickHouseError:  # settings may be read-only for this login
            self.dirty = self.single_session

    def _query(self, session, sql, output_format="TabSeparated"):
        try:
            result = session.query(sql if isinstance(sql, bytes) else sql.encode("utf-8", "surrogateescape"), output_format)
        except (RuntimeError, ValueError) as error:
            raise ClickHouseError.from_engine(str(error)) from None
        if result.has_error():
            raise ClickHouseError.from_engine(result.error_message())
        written = result.rows_written() if hasattr(result, "rows_written") else 0
        return Answer(bytes(result.bytes() or b""), result.rows_read(), result.bytes_read(), written)

    def insert(self, statement, context):
        """Runs an INSERT whose data came along, through a file that the engine reads."""
        path = self.run / "insert.bin"
        path.write_bytes(statement.data)
        settings = statement.settings
        if self.single_session and statement.data_format == "Values":
            # Engine 24.8 misreads VALUES from a file for some of the columns; their defaults come all the same.
            settings = (settings + ", " if settings else "SETTINGS ") + "input_format_defaults_for_omitted_fields = 0"
        sql = f"{statement.head} FROM INFILE {quote_string(str(path))} COMPRESSION 'none' {settings} FORMAT {statement.data_format}"
        try:
            answer = self.execute(sql, context)
        finally:
            path.unlink(missing_ok=True)
        answer.written_rows = answer.written_rows or answer.read_rows
        answer.read_rows = answer.read_bytes = 0
        return answer
