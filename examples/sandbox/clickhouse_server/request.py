"""Takes an HTTP request apart into what ClickHouse's HTTPHandler.cpp makes of it: login, statement, settings, parameters."""

import base64
import email.parser
import email.policy
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from . import framing
from .errors import ClickHouseError

# URL parameters that are no settings (HTTPHandler.cpp, reserved_param_names).
RESERVED = {
    "query", "user", "password", "database", "quota_key", "query_id", "session_id", "session_timeout", "session_check",
    "close_session", "default_format", "compress", "decompress", "role", "stacktrace", "buffer_size", "wait_end_of_query",
    "client_protocol_version", "http_method", "framing", "access_token",
}  # fmt: skip


@dataclass
class Request:
    """One request. `settings` are the URL parameters that ClickHouse takes for settings."""

    user: str = "default"
    password: str = ""
    by_certificate: bool = False
    query: str = ""
    body: bytes = b""
    database: str = ""
    query_id: str = ""
    format: str = ""
    session_id: str = ""
    session_timeout: int = 60
    session_check: bool = False
    close_session: bool = False
    compress: bool = False
    encoding: str = ""
    quota_key: str = ""
    address: str = ""
    roles: list = None
    settings: dict = field(default_factory=dict)
    params: dict = field(default_factory=dict)
    readonly: bool = False

    @property
    def received(self):
        """The statement exactly as received: the query parameter, or else the body."""
        return self.query if self.query else self.body.decode("utf-8", "replace")


def read(method, url_query, headers, body):
    """Builds a Request. Raises ClickHouseError for what the HTTP handler refuses."""
    pairs = parse_qsl(url_query, keep_blank_values=True, errors="surrogateescape")
    request = Request(readonly=method == "GET")
    _read_login(request, dict(pairs), headers)
    content_type = headers.get("Content-Type") or ""
    body = framing.decode_body(body, headers.get("Content-Encoding") or "")
    if content_type.lower().startswith("multipart/form-data"):
        fields, body = _multipart(content_type, body)
        pairs += fields
    elif content_type.lower().startswith("application/x-www-form-urlencoded") and body.startswith((b"query=", b"param_")):
        pairs += parse_qsl(body.decode(), keep_blank_values=True)
        body = b""
    _read_pairs(request, pairs, headers)
    request.body = framing.read_blocks(body) if dict(pairs).get("decompress") == "1" else body
    return request


def _read_login(request, url, headers):
    basic = headers.get("Authorization") or ""
    in_headers = any(headers.get(h) is not None for h in ("X-ClickHouse-User", "X-ClickHouse-Key", "X-ClickHouse-SSL-Certificate-Auth"))
    in_url = "user" in url or "password" in url
    if in_headers and (basic or in_url):
        raise ClickHouseError(516, "Invalid authentication: it is not allowed to use X-ClickHouse HTTP headers and other authentication methods simultaneously")
    if basic and in_url:
        raise ClickHouseError(516, "Invalid authentication: it is not allowed to use Authorization HTTP header and authentication via parameters simultaneously")
    if basic:
        request.user, request.password = _basic(basic)
    elif in_headers:
        request.user = _header_text(headers.get("X-ClickHouse-User")) or "default"
        request.password = _header_text(headers.get("X-ClickHouse-Key"))
        request.by_certificate = (headers.get("X-ClickHouse-SSL-Certificate-Auth") or "") == "on"
        if request.by_certificate and request.password:
            raise ClickHouseError(516, "Invalid authentication: it is not allowed to use SSL certificate authentication and authentication via password simultaneously")
    else:
        request.user, request.password = url.get("user") or "default", url.get("password", "")


def _header_text(value):
    return (value or "").encode("latin-1", "surrogateescape").decode("utf-8", "surrogateescape")


def _basic(header):
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "basic":
        raise ClickHouseError(516, f"Invalid authentication: '{scheme}' HTTP Authorization scheme is not supported")
    try:
        user, _, password = base64.b64decode(token, validate=True).decode("utf-8", "surrogateescape").partition(":")
    except ValueError:
        raise ClickHouseError(516, "Invalid authentication: malformed Basic credentials") from None
    return user or "default", password


def _multipart(content_type, body):
    """Returns the form's fields and, where there is a `query` file or data part, that as the body."""
    boundary = re.search(r'boundary="?([^";]+)"?', content_type)
    if not boundary:
        raise ClickHouseError(36, "multipart/form-data without a boundary")
    message = email.parser.BytesHeaderParser(policy=email.policy.HTTP)
    fields, rest = [], b""
    edge = b"--" + boundary.group(1).encode()
    for part in (b"\r\n" + body).split(b"\r\n" + edge)[1:]:
        if part.startswith(b"--"):
            break
        header, _, content = part.lstrip(b"\r\n").partition(b"\r\n\r\n")
        disposition = message.parsebytes(header + b"\r\n\r\n")["Content-Disposition"]
        name = disposition.params.get("name", "")
        if disposition.params.get("filename"):
            raise ClickHouseError(48, "external tables in multipart/form-data are not supported by this sandbox")
        fields.append((name, content.decode("utf-8", "surrogateescape")))
    return fields, rest


def _read_pairs(request, pairs, headers):
    request.database = headers.get("X-ClickHouse-Database") or ""
    request.format = headers.get("X-ClickHouse-Format") or ""
    request.quota_key = headers.get("X-ClickHouse-Quota") or ""
    known = {
        "query": lambda v: setattr(request, "query", request.query + v),
        "database": lambda v: setattr(request, "database", v),
        "quota_key": lambda v: setattr(request, "quota_key", v),
        "query_id": lambda v: setattr(request, "query_id", v),
        "default_format": lambda v: setattr(request, "format", v),
        "session_id": lambda v: setattr(request, "session_id", v),
        "session_timeout": lambda v: setattr(request, "session_timeout", _number(v)),
        "session_check": lambda v: setattr(request, "session_check", v == "1"),
        "close_session": lambda v: setattr(request, "close_session", v == "1"),
        "compress": lambda v: setattr(request, "compress", v in ("1", "true")),
        "role": lambda v: setattr(request, "roles", (request.roles or []) + [v]),
    }
    for name, value in pairs:
        if name in known:
            known[name](value)
        elif name.startswith("param_"):
            _add_param(request, name[6:], value)
        elif name == "access_token":
            raise ClickHouseError(48, "authentication with an access token is not supported by this sandbox")
        elif name not in RESERVED and name:
            request.settings[name] = value


def _add_param(request, name, value):
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ClickHouseError(36, f"the parameter name {name} is not an identifier")
    request.params[name] = value


def _number(text):
    if not text.isdigit():
        raise ClickHouseError(36, f"Invalid session timeout: '{text}'")
    return int(text)
