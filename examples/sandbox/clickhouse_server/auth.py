"""Checks a login: password or certificate, expiry and host, as ClickHouse's Authentication.cpp does."""

import base64
import hashlib
import hmac
import ipaddress
import re
import secrets
import socket
from datetime import datetime, timezone

from .errors import ClickHouseError, not_supported

PASSWORD_TYPES = {
    "plaintext_password": "plaintext_password",
    "sha256_password": "sha256_password",
    "sha256_hash": "sha256_password",
    "double_sha1_password": "double_sha1_password",
    "double_sha1_hash": "double_sha1_password",
    "bcrypt_password": "bcrypt_password",
    "bcrypt_hash": "bcrypt_password",
    "scram_sha256_password": "scram_sha256_password",
    "scram_sha256_hash": "scram_sha256_password",
}
_BCRYPT_ROUNDS = 12  # the server's bcrypt_workfactor unless configured
_BCRYPT_LONGEST = 72  # bytes of a password that bcrypt looks at


def make_method(kind, secret, salt):
    """Returns the stored form of an authentication method as a statement gives it. A password is hashed, as on a server."""
    if kind in ("no_password", "no_authentication"):
        return {"type": kind}
    if kind not in PASSWORD_TYPES:
        raise not_supported(f"authentication with {kind}")
    method = {"type": PASSWORD_TYPES[kind]}
    if kind == "plaintext_password":
        return {**method, "password": secret}
    if kind == "sha256_password":
        salt = secrets.token_hex(32).upper()
        return {**method, "hash": _sha256(secret + salt), "salt": salt}
    if kind == "scram_sha256_password":
        salt = base64.b64encode(secrets.token_bytes(32)).decode()
        return {**method, "hash": _scram(secret, salt), "salt": salt}
    if kind == "double_sha1_password":
        return {**method, "hash": _double_sha1(secret)}
    if kind == "bcrypt_password":
        return {**method, "hash": _bcrypt(secret)}
    if kind == "bcrypt_hash":
        return {**method, "hash": secret}
    return {**method, "hash": secret.lower(), "salt": salt or ""}


def _sha256(text):
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _double_sha1(text):
    return hashlib.sha1(hashlib.sha1(text.encode("utf-8", "surrogateescape")).digest()).hexdigest()


def _scram(password, salt):
    return hashlib.pbkdf2_hmac("sha256", password.encode("utf-8", "surrogateescape"), base64.b64decode(salt), 4096).hex()


def _bcrypt(password):
    import bcrypt

    text = password.encode("utf-8", "surrogateescape")
    if len(text) > _BCRYPT_LONGEST:
        raise ClickHouseError(36, "bcrypt does not support passwords with a length of more than 72 bytes")
    return bcrypt.hashpw(text, bcrypt.gensalt(_BCRYPT_ROUNDS)).decode()


def _bcrypt_fits(method, password):
    import bcrypt

    try:
        return bcrypt.checkpw(password.encode("utf-8", "surrogateescape")[:_BCRYPT_LONGEST], method["hash"].encode())
    except ValueError:  # no bcrypt hash, or a NUL in the password
        return False


def _password_fits(method, password):
    kind = method["type"]
    if kind in ("no_password", "no_authentication"):
        return True
    if kind == "plaintext_password":
        return hmac.compare_digest(method["password"].encode(), password.encode("utf-8", "surrogateescape"))
    if kind == "sha256_password":
        found = _sha256(password + method.get("salt", ""))
    elif kind == "scram_sha256_password":
        found = _scram(password, method.get("salt", ""))
    elif kind == "double_sha1_password":
        found = _double_sha1(password)
    else:
        return kind == "bcrypt_password" and _bcrypt_fits(method, password)
    return hmac.compare_digest(found, method["hash"])


def _certificate_fits(method, subjects):
    """`subjects` are common names and, as `DNS:host`, subject alternative names."""
    return method["type"] == "ssl_certificate" and any(name in subjects for name in method["names"] + method.get("alt_names", []))


def is_expired(method, now=None):
    """Tells whether the method's VALID UNTIL (seconds since the epoch, 0 for never) has passed."""
    until = method.get("valid_until", 0)
    return bool(until) and (now or datetime.now(timezone.utc).timestamp()) >= until


def _host_fits(rule, address):
    kind, pattern = rule
    if kind == "any":
        return True
    if kind == "local":
        return address.is_loopback
    if kind == "ip":
        return _unmap(address) in ipaddress.ip_network(pattern, strict=False)
    if kind == "name":
        return _unmap(address) in {_unmap(ipaddress.ip_address(a)) for a in _resolve(pattern)}
    host = _reverse(str(address))
    expression = pattern if kind == "regexp" else re.escape(pattern).replace("%", ".*").replace("_", ".")
    return bool(host) and re.fullmatch(expression, host) is not None


def _unmap(address):
    return getattr(address, "ipv4_mapped", None) or address


def _resolve(name):
    try:
        return {info[4][0] for info in socket.getaddrinfo(name, None)}
    except OSError:
        return set()


def _reverse(address):
    try:
        return socket.gethostbyaddr(address)[0]
    except OSError:
        return ""


def refused(name):
    """The one answer to every failed login; it does not tell why."""
    text = f"{name}: Authentication failed: password is incorrect, or there is no user with such name."
    return ClickHouseError(516, text)


def check(user, password, address, certificate=()):
    """Checks a login of a known user from an IP address, by password or by the names in a client certificate.

    Raises code 516, also for methods that the sandbox cannot check (ldap, kerberos, ssh_key, http). Host rules and
    expiry count as much as the password.
    """
    live = [m for m in user.auth if not is_expired(m)]
    if certificate:
        fits = any(_certificate_fits(m, certificate) for m in live)
    else:
        fits = any(_password_fits(m, password) for m in live)
    if not fits or not any(_host_fits(rule, ipaddress.ip_address(address)) for rule in user.hosts):
        raise refused(user.name)
