"""A REST API: JSON, pages, retries. Standard library only.

What was refused for its rate, and what failed on the way, is tried again, within PATIENCE seconds. A POST that failed on
the way may have been done: it raises Unclear, and the caller looks before posting again. The token goes to the API's own
host and to no other, also where an answer redirects or names the next page.
"""

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request

ATTEMPTS = 6
REDIRECTS = (301, 302, 303, 307, 308)


class Refused(Exception):
    """The API's answer is no."""

    def __init__(self, method, url, status, text):
        super().__init__(f"{method} {url}: {status} {text[:300]}")
        self.status = status
        self.text = text


class Unclear(Exception):
    """Nobody knows whether it was done."""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to the caller, so that no token follows them."""

    def redirect_request(self, *_):
        return None


class Rest:
    """An API below a base address."""

    def __init__(self, base, headers):
        self.base = base.rstrip("/")
        self.headers = {"User-Agent": "charter-ci", "Accept": "application/json", **headers}
        self.opener = urllib.request.build_opener(NoRedirect)
        self.patience = float(os.environ.get("CHARTER_CI_PATIENCE", "300"))
        self.pause = float(os.environ.get("CHARTER_CI_PAUSE", "1"))

    def get(self, path, **params):
        """Returns a document."""
        return self.call("GET", path, params=params)[1]

    def pages(self, path, **params):
        """Returns the items of a list, all pages of it; `path` may name where in each page they are."""
        path, _, inside = path.partition("#")
        items, url = [], self.url(path, {"per_page": 100, **params})
        while url:
            headers, page = self.call("GET", url)
            items += page[inside] if inside else page
            url = following(headers.get("Link", ""))
        return items

    def url(self, path, params=None):
        """Returns an address of the API."""
        url = path if "://" in path else self.base + path
        return f"{url}?{urllib.parse.urlencode(params)}" if params else url

    def call(self, method, path, body=None, params=None):
        """Sends a request until it is answered, and returns headers and document."""
        url = self.url(path, params)
        headers, data = self.send(method, url, body)
        return headers, json.loads(data) if data.strip() else None

    def send(self, method, url, body=None):
        """Sends a request until it is answered, and returns headers and bytes."""
        deadline = time.monotonic() + self.patience
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self.once(method, url, body)
            except urllib.error.HTTPError as error:
                text = error.read().decode("utf-8", "replace")
                if error.code in REDIRECTS and method == "GET":
                    return self.redirected(error.headers.get("Location", ""), url, attempt)
                wait = limited(error, text, self.pause * 2**attempt)
                if wait is None and error.code < 500:
                    raise Refused(method, bare(url), error.code, text) from None
                if wait is None and method == "POST":
                    raise Unclear(f"POST {bare(url)}: {error.code}") from None
                reason = f"{error.code}"
            except (urllib.error.URLError, OSError) as error:
                wait, reason = None, str(error)
                if method == "POST":
                    raise Unclear(f"POST {bare(url)}: {reason}") from None
            wait = self.pause * 2 ** (attempt - 1) if wait is None else wait
            if attempt == ATTEMPTS or time.monotonic() + wait > deadline:
                raise Refused(method, bare(url), reason, "it was tried long enough")
            time.sleep(wait)
        raise AssertionError("not reached")

    def once(self, method, url, body, token=True):
        """Sends a request once."""
        if token and host(url) != host(self.base):
            raise Refused(method, bare(url), "-", "it is another host than the API's")
        headers = dict(self.headers) if token else {"User-Agent": "charter-ci"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        with self.opener.open(request, timeout=60) as answer:
            return answer.headers, answer.read()

    def redirected(self, to, url, hops):
        """Follows redirects of a GET; to another host without the token."""
        for _ in range(hops, ATTEMPTS):
            to = urllib.parse.urljoin(url, to)
            if urllib.parse.urlsplit(to).scheme not in ("http", "https"):
                break
            try:
                return self.once("GET", to, None, token=host(to) == host(self.base))
            except urllib.error.HTTPError as error:
                if error.code not in REDIRECTS:
                    text = error.read().decode("utf-8", "replace")
                    raise Refused("GET", bare(to), error.code, text) from None
                url, to = to, error.headers.get("Location", "")
        raise Refused("GET", bare(url), "-", "it redirects without end")


def host(url):
    """Returns who an address belongs to."""
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.netloc


def bare(url):
    """Returns an address for people: less its parameters, which may be signed."""
    return url.split("?", 1)[0]


def following(link):
    """Returns the address of the next page, of a Link header (RFC 8288)."""
    for part in link.split(","):
        address, _, about = part.partition(";")
        if 'rel="next"' in about:
            return address.strip().strip("<>")
    return None


def limited(error, text, otherwise):
    """Returns how many seconds to wait where a request was refused for its rate; None where it was not.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    headers = error.headers
    spent = headers.get("X-RateLimit-Remaining") == "0"
    if error.code != 429 and not (error.code == 403 and (spent or "Retry-After" in headers or "rate limit" in text.lower())):
        return None
    after = headers.get("Retry-After", "")
    if after.isdigit():
        return float(after)
    reset = headers.get("X-RateLimit-Reset") or headers.get("RateLimit-Reset") or ""
    if spent and reset.isdigit():
        return max(0.0, float(reset) - time.time()) + 1
    return max(otherwise, 60.0) if "secondary" in text.lower() else otherwise
