"""Writes `--log`: one JSON line per statement received, for tests that count statements or look for leaked secrets."""

import json
import threading
from datetime import datetime, timezone


class StatementLog:
    """Appends lines to a file; does nothing without a path. The login's password is never given to it."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8") if path else None
        self.lock = threading.Lock()

    def write(self, **fields):
        """Writes one line, flushed."""
        if self.file is None:
            return
        line = json.dumps({"at": datetime.now(timezone.utc).isoformat(timespec="microseconds"), **fields})
        with self.lock:
            self.file.write(line.encode("utf-8", "replace").decode() + "\n")
            self.file.flush()
