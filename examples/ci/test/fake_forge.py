"""A forge in memory: as much of GitHub's and GitLab's REST APIs as the jobs use, with their ways of saying no.

Pages of a few items with Link headers, tokens, 422 for a comment that is too long, and faults that a test injects: each
is a function of method and path that returns an answer, or None. What was asked is in `log`.
"""

import http.server
import json
import re
import threading
import time
import urllib.parse

PAGE = 3  # small, so that pages are turned


class Forge:
    """One repository, or project."""

    def __init__(self):
        self.log, self.faults = [], []
        self.comments, self.issues = [], []  # dicts with `thread`, or `iid`
        self.pulls, self.artifacts, self.runs = {}, [], {}
        self.merge_requests, self.pipelines, self.jobs, self.files = {}, [], [], {}
        self.next = 100
        self.lock = threading.Lock()
        forge = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(length)
                parts = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(parts.query))
                body = json.loads(raw) if raw else None
                with forge.lock:
                    status, headers, document = forge.handle(self.command, parts.path, query, body, self.headers)
                data = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def fail(self, times, status, method=None, path="", headers=None, text="it broke", done=False):
        """Injects a fault: so many answers, for paths that hold a text. `done`: what was asked is done all the same."""
        self.faults.append({"left": times, "status": status, "method": method, "path": path, "headers": headers or {}, "text": text, "done": done})

    def number(self):
        self.next += 1
        return self.next

    def handle(self, method, path, query, body, headers):
        self.log.append((method, path, query, body))
        for fault in self.faults:
            if fault["left"] and fault["method"] in (None, method) and fault["path"] in path:
                fault["left"] -= 1
                if fault["done"]:
                    self.route(method, path, query, body, headers)
                return fault["status"], fault["headers"], {"message": fault["text"]}
        return self.route(method, path, query, body, headers)

    def route(self, method, path, query, body, headers):
        for pattern, verb, handler in self.ROUTES:
            found = re.fullmatch(pattern, path)
            if found and verb == method:
                user = self.user(headers)
                if user is None:
                    return 401, {}, {"message": "Bad credentials"}
                answer = handler(self, user, query, body, *map(urllib.parse.unquote, found.groups()))
                return self.paged(path, query, answer) if isinstance(answer, list) else answer
        return 404, {}, {"message": f"no route {method} {path}"}

    def user(self, headers):
        token = headers.get("PRIVATE-TOKEN") or (headers.get("Authorization") or "").removeprefix("Bearer ")
        return {"job-token": "github-actions[bot]", "pat": "robot", "glpat": "robot"}.get(token)

    def paged(self, path, query, items, wrap=None):
        size, page = min(int(query.get("per_page", 30)), PAGE), int(query.get("page", 1))
        part = items[(page - 1) * size : page * size]
        headers = {}
        if page * size < len(items):
            more = urllib.parse.urlencode({**query, "page": page + 1})
            headers["Link"] = f'<{self.url}{path}?{more}>; rel="next", <{self.url}{path}?page=99>; rel="last"'
        return 200, headers, {"total_count": len(items), wrap: part} if wrap else part

    # ---- what a test looks at

    def bodies(self, thread, user="github-actions[bot]"):
        return [one["body"] for one in self.comments if one["thread"] == str(thread) and one["user"] == user]

    def drift(self, state="open"):
        return [one for one in self.issues if one["state"] == state and "charter-drift" in one["labels"]]

    def writes(self):
        return [entry for entry in self.log if entry[0] != "GET"]

    # ---- GitHub

    def whoami(self, user, *_):
        if user.endswith("[bot]"):
            return 403, {}, {"message": "Resource not accessible by integration"}
        return 200, {}, {"login": user, "id": 7}

    def shown(self, one):
        return {"id": one["id"], "body": one["body"], "user": {"login": one["user"]}, "created_at": "2026-11-21T00:00:00Z"}

    def list_comments(self, user, query, body, thread):
        return [self.shown(one) for one in self.comments if one["thread"] == thread]

    def add_comment(self, user, query, body, thread):
        if len(body["body"]) > 65_536:
            return 422, {}, {"message": "Validation Failed", "errors": [{"message": "Body is too long (maximum is 65536 characters)"}]}
        one = {"id": self.number(), "thread": thread, "user": user, "body": body["body"]}
        self.comments.append(one)
        return 201, {}, self.shown(one)

    def edit_comment(self, user, query, body, number):
        for one in self.comments:
            if one["id"] == int(number):
                if len(body["body"]) > 65_536:
                    return 422, {}, {"message": "Body is too long (maximum is 65536 characters)"}
                assert one["user"] == user, "somebody else's comment was edited"
                one["body"] = body["body"]
                return 200, {}, self.shown(one)
        return 404, {}, {"message": "Not Found"}

    def delete_comment(self, user, query, body, number):
        found = [one for one in self.comments if one["id"] == int(number)]
        assert all(one["user"] == user for one in found), "somebody else's comment was removed"
        self.comments = [one for one in self.comments if one not in found]
        return (204, {}, b"") if found else (404, {}, {"message": "Not Found"})

    def list_issues(self, user, query, body):
        wanted = query.get("labels", "").split(",")
        state = query["state"].replace("opened", "open")
        found = [one for one in self.issues if one["state"] == state and all(label in one["labels"] for label in wanted)]
        return [self.issue(one) for one in found]

    def issue(self, one):
        return {
            "number": one["iid"], "iid": one["iid"], "body": one["body"], "description": one["body"], "title": one["title"],
            "user": {"login": one["user"]}, "author": {"id": 7 if one["user"] == "robot" else 8}, "state": one["state"],
            **({"pull_request": {}} if one.get("pull") else {}),
        }

    def open_issue(self, user, query, body):
        labels = body["labels"] if isinstance(body["labels"], list) else body["labels"].split(",")
        one = {"iid": self.number(), "user": user, "title": body["title"], "body": body.get("body", body.get("description")), "labels": labels, "state": "open"}
        self.issues.append(one)
        return 201, {}, self.issue(one)

    def edit_issue(self, user, query, body, number):
        for one in self.issues:
            if one["iid"] == int(number):
                one["body"] = body.get("body", body.get("description", one["body"]))
                if body.get("state") == "closed" or body.get("state_event") == "close":
                    one["state"] = "closed"
                return 200, {}, self.issue(one)
        return 404, {}, {"message": "Not Found"}

    def pulls_of(self, user, query, body, sha):
        return [pull for pull in self.pulls.values() if sha in (pull["merge_commit_sha"], pull["head"]["sha"])]

    def pull(self, user, query, body, number):
        return 200, {}, self.pulls[int(number)]

    def list_artifacts(self, user, query, body):
        found = [one for one in self.artifacts if one["name"] == query["name"]]
        return self.paged("/repos/org/tenants/actions/artifacts", query, found, "artifacts")

    def run(self, user, query, body, number):
        return 200, {}, self.runs[int(number)]

    # ---- GitLab

    def note(self, one):
        return {"id": one["id"], "body": one["body"], "system": one.get("system", False), "author": {"id": 7 if one["user"] == "robot" else 8}}

    def list_notes(self, user, query, body, thread):
        return [self.note(one) for one in self.comments if one["thread"] == thread]

    def add_note(self, user, query, body, thread):
        one = {"id": self.number(), "thread": thread, "user": user, "body": body["body"]}
        self.comments.append(one)
        return 201, {}, self.note(one)

    def edit_note(self, user, query, body, thread, number):
        self.edit_comment(user, query, body, number)
        return 200, {}, {}

    def delete_note(self, user, query, body, thread, number):
        return self.delete_comment(user, query, body, number)

    def merge_requests_of(self, user, query, body, sha):
        return [one for one in self.merge_requests.values() if sha in (one["merge_commit_sha"], one["sha"])]

    def merge_request(self, user, query, body, number):
        return 200, {}, self.merge_requests[number]

    def pipelines_of(self, user, query, body, number):
        return [one for one in self.pipelines if one["request"] == number]

    def jobs_of(self, user, query, body, pipeline):
        return [one for one in self.jobs if one["pipeline"] == int(pipeline)]

    def file(self, user, query, body, job, name):
        if (int(job), name) not in self.files:
            return 404, {}, {"message": "404 Not found"}
        # As GitLab does with object storage: elsewhere, without the token.
        return 302, {"Location": f"{self.url.replace('127.0.0.1', 'localhost')}/storage/{job}/{name}?signature=s"}, b""

    ROUTES = [
        (r"/user", "GET", whoami),
        (r"/repos/org/tenants/issues/(\d+)/comments", "GET", list_comments),
        (r"/repos/org/tenants/issues/(\d+)/comments", "POST", add_comment),
        (r"/repos/org/tenants/issues/comments/(\d+)", "PATCH", edit_comment),
        (r"/repos/org/tenants/issues/comments/(\d+)", "DELETE", delete_comment),
        (r"/repos/org/tenants/issues", "GET", list_issues),
        (r"/repos/org/tenants/issues", "POST", open_issue),
        (r"/repos/org/tenants/issues/(\d+)", "PATCH", edit_issue),
        (r"/repos/org/tenants/commits/(\w+)/pulls", "GET", pulls_of),
        (r"/repos/org/tenants/pulls/(\d+)", "GET", pull),
        (r"/repos/org/tenants/actions/artifacts", "GET", list_artifacts),
        (r"/repos/org/tenants/actions/runs/(\d+)", "GET", run),
        (r"/projects/42/merge_requests/(\d+)/notes", "GET", list_notes),
        (r"/projects/42/merge_requests/(\d+)/notes", "POST", add_note),
        (r"/projects/42/merge_requests/(\d+)/notes/(\d+)", "PUT", edit_note),
        (r"/projects/42/merge_requests/(\d+)/notes/(\d+)", "DELETE", delete_note),
        (r"/projects/42/merge_requests/(\d+)", "GET", merge_request),
        (r"/projects/42/merge_requests/(\d+)/pipelines", "GET", pipelines_of),
        (r"/projects/42/pipelines/(\d+)/jobs", "GET", jobs_of),
        (r"/projects/42/jobs/(\d+)/artifacts/(.+)", "GET", file),
        (r"/projects/42/repository/commits/(\w+)/merge_requests", "GET", merge_requests_of),
        (r"/projects/42/issues", "GET", list_issues),
        (r"/projects/42/issues", "POST", open_issue),
        (r"/projects/42/issues/(\d+)", "PUT", edit_issue),
        (r"/projects/42/issues/(\d+)/notes", "POST", add_note),
    ]


def storage(forge):
    """Answers what object storage would: a signature decides, and a token is refused."""
    whole = forge.handle

    def handle(method, path, query, body, headers):
        found = re.fullmatch(r"/storage/(\d+)/(.+)", path)
        if not found:
            return whole(method, path, query, body, headers)
        assert "PRIVATE-TOKEN" not in headers and "Authorization" not in headers, "the token went elsewhere"
        return 200, {}, forge.files[int(found[1]), found[2]]

    forge.handle = handle
    return forge


def soon():
    """Returns a time for X-RateLimit-Reset."""
    return str(int(time.time()))
