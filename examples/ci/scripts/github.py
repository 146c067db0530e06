"""GitHub, as far as the jobs need it: comments, issues, and which plan a merged pull request had."""

import json
import os

from rest import Refused, Rest

LABEL = "charter-drift"


class GitHub:
    """The repository that the job runs for."""

    name = "GitHub"
    longest = 65_536

    def __init__(self, env):
        token = env.get("GITHUB_TOKEN", "")
        if not token:
            raise SystemExit("GITHUB_TOKEN is not set: give the step ${{ github.token }}")
        self.env = env
        self.repository = env["GITHUB_REPOSITORY"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        self.rest = Rest(env.get("GITHUB_API_URL", "https://api.github.com"), headers)
        self.login = None

    def at(self, path):
        """Returns a path below the repository."""
        return f"/repos/{self.repository}{path}"

    def me(self):
        """Returns who the token belongs to. A job's own token may not ask (403): it is github-actions[bot]."""
        if self.login is None:
            self.login = self.env.get("CHARTER_CI_LOGIN", "")
        if not self.login:
            try:
                self.login = self.rest.get("/user")["login"]
            except Refused as refused:
                if refused.status not in (401, 403, 404):
                    raise
                self.login = "github-actions[bot]"
        return self.login

    def thread(self):
        """Returns the number of the pull request that the job runs for; None where there is none."""
        return event(self.env).get("pull_request", {}).get("number")

    def head(self, number):
        """Returns the commit that a pull request is at."""
        return self.rest.get(self.at(f"/pulls/{number}"))["head"]["sha"]

    def comments(self, number):
        """Returns the comments of its own: pairs of id and text, the oldest first."""
        found = self.rest.pages(self.at(f"/issues/{number}/comments"))
        return [(one["id"], one["body"] or "") for one in found if (one["user"] or {}).get("login") == self.me()]

    def add(self, number, text):
        self.rest.call("POST", self.at(f"/issues/{number}/comments"), {"body": text})

    def edit(self, _, comment, text):
        self.rest.call("PATCH", self.at(f"/issues/comments/{comment}"), {"body": text})

    def remove(self, _, comment):
        self.rest.call("DELETE", self.at(f"/issues/comments/{comment}"))

    def issues(self):
        """Returns the open drift issues of its own: pairs of number and text, the oldest first."""
        found = self.rest.pages(self.at("/issues"), state="open", labels=LABEL, sort="created", direction="asc")
        mine = [one for one in found if "pull_request" not in one and (one["user"] or {}).get("login") == self.me()]
        return [(one["number"], one["body"] or "") for one in mine]

    def open_issue(self, title, text):
        self.rest.call("POST", self.at("/issues"), {"title": title, "body": text, "labels": [LABEL]})

    def edit_issue(self, number, text):
        self.rest.call("PATCH", self.at(f"/issues/{number}"), {"body": text})

    def close_issue(self, number, text):
        self.add(number, text)
        self.rest.call("PATCH", self.at(f"/issues/{number}"), {"state": "closed", "state_reason": "completed"})

    def merged(self, sha):
        """Returns number and head commit of the pull request whose merge made a commit; None where there is none."""
        for pull in self.rest.pages(self.at(f"/commits/{sha}/pulls")):
            if pull.get("merged_at") and pull.get("merge_commit_sha") == sha:
                return pull["number"], pull["head"]["sha"]
        return None

    def saved(self, _, head, name, __):
        """Returns the run that has the saved plan of a commit, for actions/download-artifact; None where there is none.

        A fork can upload what it likes under any name: only what this repository's own plan workflow made counts.
        """
        found = self.rest.pages(self.at("/actions/artifacts") + "#artifacts", name=name)
        found = [one for one in found if one["name"] == name and not one["expired"]]
        for one in sorted(found, key=lambda one: one["id"], reverse=True):
            run = self.rest.get(self.at(f"/actions/runs/{one['workflow_run']['id']}"))
            ours = (run.get("head_repository") or {}).get("full_name") == self.repository
            path = run.get("path", "").split("@")[0]
            workflow = self.env.get("CHARTER_CI_WORKFLOW", ".github/workflows/charter-plan.yml")
            if ours and run["event"] == "pull_request" and run["head_sha"] == head and path == workflow:
                return run["id"]
        return None


def event(env):
    """Returns what started the job."""
    path = env.get("GITHUB_EVENT_PATH", "")
    if not path or not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return json.load(file)
