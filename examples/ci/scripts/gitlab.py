"""GitLab, as far as the jobs need it: notes, issues, and the saved plan of a merged merge request."""

import json
import os
import urllib.parse

from rest import Refused, Rest

LABEL = "charter-drift"


class GitLab:
    """The project that the job runs for."""

    name = "GitLab"
    longest = 1_000_000

    def __init__(self, env):
        token = env.get("CHARTER_GITLAB_TOKEN", "")
        if not token:
            raise SystemExit("CHARTER_GITLAB_TOKEN is not set: a project access token with the scope api (docs/ci.md)")
        self.env = env
        self.project = env.get("CI_MERGE_REQUEST_PROJECT_ID") or env["CI_PROJECT_ID"]
        self.rest = Rest(env["CI_API_V4_URL"], {"PRIVATE-TOKEN": token})
        self.user = None

    def at(self, path):
        """Returns a path below the project."""
        return f"/projects/{urllib.parse.quote(str(self.project), safe='')}{path}"

    def me(self):
        """Returns the id of the token's user."""
        if self.user is None:
            self.user = self.rest.get("/user")["id"]
        return self.user

    def thread(self):
        """Returns the number of the merge request that the job runs for; None where there is none."""
        return self.env.get("CI_MERGE_REQUEST_IID") or None

    def head(self, number):
        """Returns the commit that a merge request is at."""
        return self.rest.get(self.at(f"/merge_requests/{number}"))["sha"]

    def comments(self, number):
        """Returns the notes of its own: pairs of id and text, the oldest first."""
        found = self.rest.pages(self.at(f"/merge_requests/{number}/notes"), sort="asc", order_by="created_at")
        mine = [one for one in found if not one["system"] and one["author"]["id"] == self.me()]
        return [(one["id"], one["body"]) for one in mine]

    def add(self, number, text):
        self.rest.call("POST", self.at(f"/merge_requests/{number}/notes"), {"body": text})

    def edit(self, number, note, text):
        self.rest.call("PUT", self.at(f"/merge_requests/{number}/notes/{note}"), {"body": text})

    def remove(self, number, note):
        self.rest.call("DELETE", self.at(f"/merge_requests/{number}/notes/{note}"))

    def issues(self):
        """Returns the open drift issues of its own: pairs of number and text, the oldest first."""
        found = self.rest.pages(self.at("/issues"), state="opened", labels=LABEL, sort="asc", order_by="created_at")
        return [(one["iid"], one["description"] or "") for one in found if one["author"]["id"] == self.me()]

    def open_issue(self, title, text):
        self.rest.call("POST", self.at("/issues"), {"title": title, "description": text, "labels": LABEL})

    def edit_issue(self, number, text):
        self.rest.call("PUT", self.at(f"/issues/{number}"), {"description": text})

    def close_issue(self, number, text):
        self.rest.call("POST", self.at(f"/issues/{number}/notes"), {"body": text})
        self.rest.call("PUT", self.at(f"/issues/{number}"), {"state_event": "close"})

    def merged(self, sha):
        """Returns number and head commit of the merge request whose merge made a commit; None where there is none."""
        for one in self.rest.pages(self.at(f"/repository/commits/{sha}/merge_requests")):
            made = (one.get("merge_commit_sha"), one.get("squash_commit_sha"), one.get("sha"))
            if one["state"] == "merged" and sha in made:
                return one["iid"], one["sha"]
        return None

    def saved(self, number, _, name, folder):
        """Downloads the saved plan of a merge request into a folder; returns the job that made it, or None.

        Only jobs of this project count: what a fork's pipeline made is nobody's plan. Which commit a plan is of, the job
        says: a merged results pipeline has a commit of GitLab's own.
        """
        request = self.rest.get(self.at(f"/merge_requests/{number}"))
        if str(request["source_project_id"]) != str(self.project):
            return None
        job = self.env.get("CHARTER_CI_JOB", "charter-plan")
        for pipeline in sorted(self.rest.pages(self.at(f"/merge_requests/{number}/pipelines")), key=lambda one: -one["id"]):
            if pipeline["source"] != "merge_request_event" or str(pipeline["project_id"]) != str(self.project):
                continue
            jobs = self.rest.pages(self.at(f"/pipelines/{pipeline['id']}/jobs"))
            for one in (one for one in jobs if one["name"] == job):
                if self.made(one["id"]) == name and self.download(one["id"], folder):
                    return one["id"]
            return None  # only the newest one counts
        return None

    def made(self, job):
        """Returns the name of the plan that a job made: it has the configuration's key and the commit."""
        try:
            return json.loads(self.file(job, "result.json") or b"{}").get("artifact")
        except (ValueError, AttributeError):
            return None

    def download(self, job, folder):
        """Downloads a saved plan; returns whether there is one."""
        content = self.file(job, "charter.plan")
        if content is None:
            return False
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "charter.plan"), "wb") as file:
            file.write(content)
        return True

    def file(self, job, name):
        """Returns a file that a job left; None where there is none."""
        url = self.rest.url(self.at(f"/jobs/{job}/artifacts/charter-plan/{name}"))
        try:
            return self.rest.send("GET", url)[1]
        except Refused as refused:
            if refused.status == 404:
                return None
            raise
