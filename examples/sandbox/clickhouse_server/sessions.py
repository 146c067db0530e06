"""HTTP sessions (`session_id`): the settings and the database that SET and USE leave behind, for as long as the session lives."""

import threading
import time

from .errors import ClickHouseError


class Session:
    """What one session remembers."""

    def __init__(self):
        self.settings, self.database, self.roles = {}, "", None
        self.busy, self.expires = False, 0.0


class Sessions:
    """The sessions by login and id; one statement at a time each."""

    def __init__(self):
        self.lock, self.known = threading.Lock(), {}

    def enter(self, request):
        """Takes a session for a statement. Raises 372 or 373; returns None for a request without one."""
        if not request.session_id:
            return None
        key = (request.user, request.session_id)
        with self.lock:
            now = time.monotonic()
            self.known = {k: s for k, s in self.known.items() if s.busy or s.expires > now}
            session = self.known.get(key)
            if session is None and request.session_check:
                raise ClickHouseError(372, f"Session {request.session_id} not found")
            if session is not None and session.busy:
                raise ClickHouseError(373, f"Session {request.session_id} is locked by a concurrent client")
            session = self.known.setdefault(key, session or Session())
            session.busy = True
            return session

    def leave(self, request, session):
        """Gives the session back."""
        if session is None:
            return
        with self.lock:
            session.busy = False
            session.expires = time.monotonic() + request.session_timeout
            if request.close_session:
                self.known.pop((request.user, request.session_id), None)
