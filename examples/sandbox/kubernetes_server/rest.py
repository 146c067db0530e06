"""A client for the Kubernetes API in Python's standard library: enough for the sandbox and its tests.

One connection a request, no proxy, and the server's certificate is always checked.
"""

import http.client
import json
import re
import ssl
import time
import urllib.parse

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


class Refused(Exception):
    """An answer that is not 2xx: its `code`, its `reason` and the Status object in `body`."""

    def __init__(self, method, path, code, body):
        self.code, self.body = code, body
        self.reason = body.get("reason", "")
        super().__init__(f"{method} {path}: {code} {body.get('message', '')}".rstrip())


class Client:
    """Talks to one API server as the user of one token."""

    def __init__(self, port, ca_file, token):
        self.port, self.ca_file, self.token = port, ca_file, token
        self.tls = ssl.create_default_context(cafile=ca_file)

    def user(self, token):
        """Returns a client of the same server for another token."""
        return Client(self.port, self.ca_file, token)

    def call(self, method, path, body=None, content_type="application/json", accept="application/json", **query):
        """Sends one request and returns the decoded answer. `body`: an object to encode, or bytes to send as they are."""
        if query:
            path += "?" + urllib.parse.urlencode(query)
        headers = {"Authorization": f"Bearer {self.token}", "Accept": accept}
        if body is not None:
            headers["Content-Type"] = content_type
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            decoded = decode(answer.read())
        finally:
            connection.close()
        if answer.status >= 300:
            raise Refused(method, path, answer.status, decoded)
        return decoded

    def get(self, path, **query):
        return self.call("GET", path, **query)

    def post(self, path, body, **query):
        return self.call("POST", path, body, **query)

    def delete(self, path, **query):
        return self.call("DELETE", path, **query)

    def merge(self, path, body, **query):
        """JSON merge patch."""
        return self.call("PATCH", path, body, MERGE, **query)

    def apply(self, path, body, manager, **query):
        """Server-side apply under a field manager's name."""
        return self.call("PATCH", path, body, APPLY, fieldManager=manager, **query)

    def apply_file(self, file, namespace, manager):
        """Applies each document of a manifest in order and returns their paths.

        The server parses the YAML. Only the four fields that make up the path are read here: at the top level and
        directly below `metadata`, unless the document is JSON. `namespace` is for objects that name none.
        """
        applied = []
        with open(file, encoding="utf-8") as opened:
            documents = re.split(r"^---(?:[ \t].*)?$", opened.read(), flags=re.MULTILINE)
        for text in documents:
            if not re.search(r"^\s*[^#\s]", text, re.MULTILINE):
                continue
            path = self.path(identity(text), namespace)
            self.apply(path, text.encode(), manager)
            if "/customresourcedefinitions/" in path:
                wait_until(lambda path=path: is_established(self.get(path)), f"{path} to be established")
            applied.append(path)
        return applied

    def path(self, identity, namespace):
        """Returns the path of an object, from what the server says of its kind."""
        version, kind, name, own_namespace = identity
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        # The kinds of a CRD that was just established appear a moment later.
        resource = wait_until(lambda: self.find_kind(root, kind), f"the server to know {version} {kind}")
        middle = f"/namespaces/{own_namespace or namespace}" if resource["namespaced"] else ""
        return f"{root}{middle}/{resource['name']}/{urllib.parse.quote(name, safe='')}"

    def find_kind(self, root, kind):
        try:
            resources = self.get(root)["resources"]
        except Refused as refused:
            if refused.code == 404:
                return None
            raise
        return next((r for r in resources if r["kind"] == kind and "/" not in r["name"]), None)


def decode(raw):
    """Returns JSON decoded; anything else (`/readyz` answers `ok`) as a message."""
    try:
        return json.loads(raw)
    except ValueError:
        return {"message": raw.decode(errors="replace")}


def is_established(crd):
    conditions = crd.get("status", {}).get("conditions") or []  # null at first
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)


def wait_until(ask, what, seconds=15):
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.1)
    return answer


def identity(text):
    """Returns apiVersion, kind, name and namespace (or None) of a manifest of one document."""
    if text.lstrip().startswith("{"):
        whole = json.loads(text)
        metadata = whole.get("metadata", {})
        return whole["apiVersion"], whole["kind"], metadata["name"], metadata.get("namespace")
    block = re.search(r"^metadata:[ \t]*(?:#.*)?\n((?:[ \t].*\n?|\n|#.*\n?)*)", text, re.MULTILINE)
    metadata = block.group(1) if block else ""
    indent = re.match(r"(?:\s*(?:#.*)?\n)*( +)\S", metadata)
    indent = indent.group(1) if indent else "  "
    found = (
        scalar(text, "", "apiVersion"),
        scalar(text, "", "kind"),
        scalar(metadata, indent, "name"),
        scalar(metadata, indent, "namespace"),
    )
    if not all(found[:3]):
        raise ValueError("a manifest needs apiVersion, kind and metadata.name, in block style: " + text.strip()[:80])
    return found


def scalar(text, indent, key):
    found = re.search(rf"^{indent}{key}:[ \t]+(\"[^\"]*\"|'[^']*'|[^\s#]+)", text, re.MULTILINE)
    return found.group(1).strip("\"'") if found else None
