"""Makes a CA, a server certificate and a client certificate for `--tls` and `--tls-client`, with the openssl command."""

import shutil
import ssl
import subprocess
import sys
from pathlib import Path

_DAYS = "3650"
_EXTENSIONS = {
    "server": "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n",
    "client": "extendedKeyUsage=clientAuth\n",
}


def server_context(folder, ask_client):
    """Returns the server's TLS context, making `folder`/tls on first use.

    With `ask_client` a client has to show a certificate of the same CA (as ClickHouse's verificationMode strict).
    """
    place = Path(folder) / "tls"
    if not (place / "client.pem").exists():
        make(place)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place / "server.pem", place / "server-key.pem")
    if ask_client:
        context.load_verify_locations(place / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def make(place):
    """Writes ca.pem, server.pem and client.pem (its common name is `client`), each with a -key.pem."""
    if shutil.which("openssl") is None:
        sys.exit("clickhouse: --tls needs the openssl command")
    place.mkdir(parents=True, exist_ok=True)
    _key(place, "ca")
    subject = "/CN=ClickHouse sandbox CA"
    _openssl(place, "req", "-x509", "-new", "-key", "ca-key.pem", "-subj", subject, "-days", _DAYS, "-out", "ca.pem")
    _issue(place, "server", "localhost")
    _issue(place, "client", "client")


def _issue(place, name, common_name):
    _key(place, name)
    _openssl(place, "req", "-new", "-key", f"{name}-key.pem", "-subj", f"/CN={common_name}", "-out", f"{name}.csr")
    (place / f"{name}.ext").write_text("basicConstraints=CA:FALSE\n" + _EXTENSIONS[name])
    signer = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", _DAYS, "-extfile", f"{name}.ext"]
    _openssl(place, "x509", "-req", "-in", f"{name}.csr", *signer, "-out", f"{name}.pem")
    for suffix in ("csr", "ext"):
        (place / f"{name}.{suffix}").unlink()


def _key(place, name):
    _openssl(place, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}-ec.pem")
    _openssl(place, "pkcs8", "-topk8", "-nocrypt", "-in", f"{name}-ec.pem", "-out", f"{name}-key.pem")
    (place / f"{name}-ec.pem").unlink()


def _openssl(place, *arguments):
    subprocess.run(["openssl", *arguments], cwd=place, check=True, capture_output=True)
