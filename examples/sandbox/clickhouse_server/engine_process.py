"""The engine in a process of its own, for chDB 3 (engine 24.8), which cannot be reopened in one process.

There a DROP after a second opening goes through a task of the first one, which is gone, and crashes now and then. So each
opening gets a fresh process; the next one is started ahead, so that reopening need not wait for the library to load.
"""

import pickle
import struct
import subprocess
import sys
from pathlib import Path

from .engine import Engine, NeedsReopening
from .errors import ClickHouseError


class RemoteEngine:
    """Looks like Engine; each opening lives in a child process."""

    def __init__(self, version, folder):
        self.arguments = [sys.executable, "-P", "-m", "clickhouse_server.engine_process", version, str(folder)]
        self.run = Path(folder) / "run"
        self.run.mkdir(parents=True, exist_ok=True)
        self.child, self.spare, self.users = None, self._spawn(), ""
        self.dirty = False  # the next statement will need another opening

    def _spawn(self):
        return subprocess.Popen(self.arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def open(self, users_xml):
        """Closes the engine and opens it in the process that stands by."""
        self._end(self.child)
        self.child, self.users = self.spare, users_xml
        self._call("open", users_xml)
        self.spare = self._spawn()

    def close(self):
        """Ends both processes."""
        self._end(self.child)
        self._end(self.spare)
        self.child = self.spare = None

    def _end(self, child):
        if child is None:
            return
        child.stdin.close()
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()

    def forget_session(self):
        """See Engine."""
        self._call("forget_session")

    def execute(self, sql, context=None):
        """See Engine."""
        return self._retry("execute", sql, context)

    def insert(self, statement, context):
        """See Engine."""
        return self._retry("insert", statement, context)

    def _retry(self, *call):
        try:
            return self._call(*call)
        except NeedsReopening:
            self.open(self.users)
            return self._call(*call)

    def _call(self, *call):
        try:
            _write(self.child.stdin, call)
            outcome, value, self.dirty = _read(self.child.stdout)
        except (OSError, EOFError):
            self._end(self.child)
            self.child, self.spare = self.spare, self._spawn()
            if self.users:
                self._call("open", self.users)
            raise ClickHouseError(1001, "the engine's process died of this statement") from None
        if outcome == "reopen":
            raise NeedsReopening
        if outcome == "refused":
            raise ClickHouseError.from_engine(value)
        return value


def _write(stream, value):
    data = pickle.dumps(value)
    stream.write(struct.pack("<Q", len(data)) + data)
    stream.flush()


def _read(stream):
    head = stream.read(8)
    if len(head) < 8:
        raise EOFError
    return pickle.loads(stream.read(struct.unpack("<Q", head)[0]))


def main():
    """Serves one opening: calls come in on standard input, answers leave on standard output."""
    import os
    import signal

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # the parent ends us, by closing the pipe
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "r+b") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
    engine = Engine(sys.argv[1], sys.argv[2])
    while True:
        try:
            name, *arguments = _read(calls)
        except EOFError:
            break
        _write(answers, (*_answer(engine, name, arguments), engine.dirty))
    engine.close()
    os._exit(0)


def _answer(engine, name, arguments):
    try:
        return "done", getattr(engine, name)(*arguments)
    except NeedsReopening:
        return "reopen", None
    except ClickHouseError as error:
        return "refused", error.text


if __name__ == "__main__":
    main()
