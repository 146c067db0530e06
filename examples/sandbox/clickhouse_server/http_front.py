"""The HTTP server: reads requests off the wire, hands them to the service, writes the replies."""

import http.server
import socket
import socketserver
import sys
from urllib.parse import urlsplit

from . import framing, request
from .errors import ClickHouseError

MAX_URI = 1 << 20


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """A threaded HTTP/1.1 server on 127.0.0.1."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, port, service, tls=None):
        self.service, self.tls = service, tls
        super().__init__(("127.0.0.1", port), Handler)

    def finish_request(self, sock, address):
        """Does the TLS handshake on the connection's own thread, so that a slow client holds up nobody."""
        if self.tls is not None:
            sock.settimeout(30)
            sock = self.tls.wrap_socket(sock, server_side=True)
        sock.settimeout(None)
        super().finish_request(sock, address)
        sock.close()

    def handle_error(self, sock, address):
        """A client that goes away is nobody's error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(sock, address)


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def version_string(self):
        """The Server header; without Python's version."""
        return "charter-sandbox"

    def log_message(self, *args):
        """Keeps quiet; `--log` is the log."""

    def do_GET(self):
        """Answers /ping and friends, and read-only statements."""
        path = urlsplit(self.path)
        if path.path == "/ping":
            return self._plain(200, b"Ok.\n")
        if path.path == "/replicas_status":
            return self._plain(200, b"Ok.\n")
        if path.path == "/" and not path.query:
            return self._plain(200, b"Ok.\n")
        return self._statement("GET")

    do_HEAD = do_GET

    def do_POST(self):
        """Answers statements."""
        self._statement("POST")

    do_PUT = do_POST

    def _plain(self, status, body):
        self._send(status, body, {"Content-Type": "text/html; charset=UTF-8", "X-ClickHouse-Server-Display-Name": "charter-sandbox"})

    def _statement(self, method):
        target = urlsplit(self.path)
        body = self._body()
        if target.path not in ("/", ""):
            return self._plain(404, f"There is no handle {target.path}\n\nUse / or /ping for health checks.\n".encode())
        service = self.server.service
        asked = request.Request()
        try:
            asked = request.read(method, target.query, self.headers, body)
        except ClickHouseError as error:
            reply = service.failure(error, asked)
            return self._send(reply.status, reply.body, reply.headers)
        asked.encoding = framing.pick_encoding(self.headers.get("Accept-Encoding") or "")
        reply = service.answer(asked, self.client_address[0], self._certificate())
        self._send(reply.status, reply.body, reply.headers)

    def _certificate(self):
        peer = getattr(self.connection, "getpeercert", dict)() or {}
        names = [value for part in peer.get("subject", ()) for key, value in part if key == "commonName"]
        return names + [f"{kind}:{value}" for kind, value in peer.get("subjectAltName", ())]

    def _body(self):
        if (self.headers.get("Transfer-Encoding") or "").lower() == "chunked":
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self):
        while size := int(self.rfile.readline(1024).split(b";")[0].strip() or b"0", 16):
            yield self.rfile.read(size)
            self.rfile.readline(8)
        while self.rfile.readline(65536).strip():
            pass

    def _send(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()


def close(server):
    """Stops accepting; idle connections end with the process."""
    try:
        server.socket.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    server.server_close()
