"""The jobs as they stand in the YAML files, on a real ClickHouse engine and a forge in memory.

Each test is a story on a server of its own estate; CHARTER_BIN is the program (make ci-examples sets it).
"""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request
from pathlib import Path

from fake_forge import Forge, storage
from runner import Github, Gitlab, environment

ROOT = Path(__file__).resolve().parents[3]
CHARTER = os.environ.get("CHARTER_BIN") or str(ROOT / "target/debug/charter")
PASSWORD = {"charter_plan": "plan-Pa55word", "charter_apply": "apply-Pa55word"}
KEY = "k" * 40
TENANT = 'tenant "{}" {{\n  privileges = charter.presets.confined\n}}\n'
ROLE = 'role "analyst" {\n  grant {\n    privileges = ["SELECT"]\n    on         = "${tenant.acme.database}.*"\n  }\n}\n'


class Server:
    """One sandbox for all tests: each has a scope of its own and names of its own."""

    def __init__(self):
        command = [ROOT / "examples/sandbox/clickhouse", "--exit-with-stdin"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.url = line.strip().removeprefix("CLICKHOUSE_URL=")
        assert self.url.startswith("http"), line
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        page = (ROOT / "docs/privileges.md").read_text()
        for name, user in (("plan", "charter_plan"), ("apply", "charter_apply")):
            # The users of docs/privileges.md, as they stand there.
            block = re.search(rf"<!-- begin {name} -->\n```sql\n(.*?)```", page, re.S)[1]
            for statement in block.replace("'…'", f"'{PASSWORD[user]}'").split(";\n"):
                if statement.strip():
                    self.run(statement)
        self.run("GRANT CREATE ROLE, ALTER ROLE, DROP ROLE ON *.* TO charter_apply")
        self.run("GRANT TRUNCATE, OPTIMIZE ON tenant_*.* TO charter_apply WITH GRANT OPTION")
        self.run("GRANT TABLE ENGINE ON * TO charter_apply WITH GRANT OPTION")

    def run(self, statement):
        request = urllib.request.Request(self.url, data=statement.encode())
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{statement}: {error.read().decode()}") from None

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


def setUpModule():
    global SERVER
    SERVER = Server()


def tearDownModule():
    SERVER.close()


class Story(unittest.TestCase):
    """A repository with a configuration that is applied, and a forge."""

    template = "ci/github"

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="charter-ci-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.forge = storage(Forge())
        self.addCleanup(self.forge.close)
        self.name = re.sub(r"\W", "_", self._testMethodName.removeprefix("test_"))[:24]
        self.repository = self.folder / "repository"
        self.repository.mkdir()
        self.env = environment(CHARTER_BIN=CHARTER)
        for template in ([], ["--from", self.template]):
            subprocess.run([CHARTER, "-C", self.repository, "init", *template], check=True, capture_output=True)
        # The program has them as they were when it was built.
        shutil.copytree(ROOT / "examples/ci/scripts", self.repository / "ci/charter", dirs_exist_ok=True)
        self.copy_jobs()
        main = self.repository / "tenants.hcl"
        # A cluster that outlives the jobs, as a folder; a scope of its own on the shared server.
        text = main.read_text().replace("out/manifests", str(self.folder / "cluster"))
        main.write_text(text.replace('"platform"', f'"{self.name}"'))
        self.rename(main)
        login = {"CLICKHOUSE_URL": SERVER.url}
        self.charter = lambda *arguments: subprocess.run([CHARTER, "-C", self.repository, *arguments], env={**self.env, **login}, capture_output=True, text=True)
        self.charter("fmt")
        done = self.charter("apply", "--auto-approve")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def copy_jobs(self):
        """Copies the YAML files to where `charter init` has them."""

    def rename(self, path):
        """Gives the tenants of a file names of this story's own."""
        text = path.read_text()
        for word in ("acme", "globex", "initech", "analyst"):
            text = re.sub(rf"\b{word}\b", f"{word}_{self.name}", text)
        path.write_text(text)
        for tenant in (self.repository / "migrations/development/tenants").glob("acme"):
            tenant.rename(tenant.with_name(f"acme_{self.name}"))

    def declare(self, name, text):
        """Adds a file to the configuration."""
        path = self.repository / name
        path.write_text(text)
        self.rename(path)
        self.charter("fmt")

    def secret_texts(self):
        """Returns what nobody may ever read in a log, a comment or an artifact."""
        kept = [line.split(":", 1)[1].strip().strip('"') for path in (self.folder / "cluster").rglob("secret-*.yaml") for line in path.read_text().splitlines() if line.strip().startswith("password:")]
        return [*PASSWORD.values(), KEY, *kept, *(base64.b64decode(one).decode() for one in kept)]

    def tell_nothing(self, *logs):
        """Asserts that no secret stands in what the jobs left anywhere."""
        texts = [*logs, json.dumps(self.forge.comments), json.dumps(self.forge.issues), json.dumps([entry[3] for entry in self.forge.log])]
        texts += [path.read_text(errors="replace") for store in self.folder.glob("artifact-*") for path in store.rglob("*") if path.is_file()]
        texts += [content.decode(errors="replace") for content in self.forge.files.values()]
        for secret in self.secret_texts():
            for text in texts:
                self.assertNotIn(secret, text)

    def clean(self):
        check = self.charter("check")
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)

    def role(self, name="analyst"):
        return f"{name}_{self.name}"

    def has_role(self, name="analyst"):
        return SERVER.run(f"SELECT count() FROM system.roles WHERE name = '{self.role(name)}'").strip() == "1"


class OnGithub(Story):
    """examples/ci/github."""

    vars = {}

    def setUp(self):
        super().setUp()
        self.runner = Github(self.folder, self.env, self.forge)

    def copy_jobs(self):
        for name in ("plan", "apply", "drift"):
            shutil.copy(ROOT / f"examples/ci/github/{name}.yml", self.repository / f".github/workflows/charter-{name}.yml")
        shutil.copy(ROOT / "examples/ci/github/action/action.yml", self.repository / ".github/actions/charter-plan/action.yml")

    def contexts(self, trigger, sha, head, secrets=True, **more):
        login = {}
        if secrets:
            for kind, user in (("PLAN", "charter_plan"), ("APPLY", "charter_apply")):
                login |= {f"CLICKHOUSE_{kind}_URL": SERVER.url, f"CLICKHOUSE_{kind}_USER": user, f"CLICKHOUSE_{kind}_PASSWORD": PASSWORD[user]}
            login["CHARTER_PLAN_KEY"] = KEY
        return {"github": {"event_name": trigger, "sha": sha, "token": "job-token", **more}, "secrets": login, "vars": self.vars, "inputs": {}, "head": head}

    def plan(self, number, head, fork=False):
        """Opens a pull request, or pushes to it."""
        self.forge.pulls[number] = {"number": number, "merged_at": None, "merge_commit_sha": None, "head": {"sha": head}}
        return self.run_plan(number, head, fork)

    def run_plan(self, number, head, fork=False):
        """Runs the plan job of a commit that a pull request has, or had."""
        source = "mallory/tenants" if fork else "org/tenants"
        event = {"pull_request": {"number": number, "title": "$(touch /tmp/owned) `x`", "head": {"sha": head, "ref": "a;b", "repo": {"full_name": source}}}}
        contexts = self.contexts("pull_request", "f" * 40, head, not fork, event=event)
        return self.runner.run(".github/workflows/charter-plan.yml", self.repository, event, {**contexts, "from": source})

    def merge(self, number, head, sha):
        """Merges a pull request."""
        self.forge.pulls[number] = {"number": number, "merged_at": "2026-11-21", "merge_commit_sha": sha, "head": {"sha": head}}
        return self.apply(sha)

    def apply(self, sha, digest="", allow=""):
        contexts = self.contexts("workflow_dispatch" if digest else "push", sha, sha)
        contexts["inputs"] = {"digest": digest, "allow": allow}
        return self.runner.run(".github/workflows/charter-apply.yml", self.repository, {}, contexts)

    def test_merged(self):
        head, sha = "1" * 40, "2" * 40
        self.declare("globex.hcl", TENANT.format("globex"))
        first = self.plan(7, head)
        self.assertFalse(first.failed, first.log)
        (comment,) = self.forge.bodies(7)
        self.assertIn(f"tenant_globex_{self.name}", comment)
        self.assertIn("Plan of commit 111111111111", comment)
        self.assertIn("<!-- charter:plan ", first.summary)

        head = "3" * 40
        self.declare("analyst.hcl", ROLE)
        second = self.plan(7, head)
        self.assertFalse(second.failed, second.log)
        (comment,) = self.forge.bodies(7)
        self.assertIn(self.role(), comment)
        self.assertIn("333333333333", comment)
        self.assertFalse(self.has_role())

        merged = self.merge(7, head, sha)
        self.assertFalse(merged.failed, merged.log)
        self.assertTrue(merged.ran("download-artifact"), merged.log)
        self.assertTrue(self.has_role())
        plan, applied = self.forge.bodies(7)
        self.assertIn("## Apply complete", applied)
        self.assertEqual(plan, comment)
        self.clean()

        again = self.apply(sha)
        self.assertFalse(again.failed, again.log)
        self.assertIn("it was applied at", again.log)
        _, applied = self.forge.bodies(7)
        self.assertIn("## Nothing to apply", applied)
        self.tell_nothing(first.log, second.log, merged.log, again.log)

    def test_stale(self):
        head, sha = "4" * 40, "5" * 40
        self.declare("analyst.hcl", ROLE)
        self.declare("globex.hcl", TENANT.format("globex"))
        self.assertFalse(self.plan(8, head).failed)
        SERVER.run(f"CREATE ROLE {self.role()}")
        SERVER.run(f"GRANT SELECT ON tenant_acme_{self.name}.* TO {self.role()}")
        merged = self.merge(8, head, sha)
        self.assertTrue(merged.failed, merged.log)
        self.assertIn(("Apply", 4), merged.steps)
        _, comment = self.forge.bodies(8)
        self.assertIn("## Nothing was applied: the plan is stale", comment)
        self.assertEqual(SERVER.run(f"SELECT count() FROM system.databases WHERE name = 'tenant_globex_{self.name}'").strip(), "0")
        digest = re.search(r"with the digest `([0-9a-f]+)`", comment)[1]

        wrong = self.apply(sha, "0123456789ab")
        self.assertIn(("Apply", 4), wrong.steps)
        approved = self.apply(sha, digest)
        self.assertFalse(approved.failed, approved.log)
        self.assertFalse(approved.ran("download-artifact"))
        self.clean()
        self.tell_nothing(merged.log, approved.log)

    def test_data_loss(self):
        self.declare("globex.hcl", TENANT.format("globex"))
        self.assertEqual(self.charter("apply", "--auto-approve").returncode, 0)
        databases = lambda: SERVER.run(f"SELECT count() FROM system.databases WHERE name = 'tenant_globex_{self.name}'").strip()
        self.declare("globex.hcl", 'removed {\n  from      = tenant.globex\n  data_loss = "allow"\n}\n')
        head, sha = "c" * 40, "d" * 40
        self.assertFalse(self.plan(11, head).failed)
        merged = self.merge(11, head, sha)
        # An existing Secret goes, and the plan job was not let look at it.
        self.assertIn(("Apply", 4), merged.steps, merged.log)
        self.assertEqual(databases(), "1")
        _, comment = self.forge.bodies(11)
        digest = re.search(r"with the digest `([0-9a-f]+)`", comment)[1]
        denied = self.apply(sha, digest, "nothing")
        self.assertIn(("Apply", 7), denied.steps, denied.log)
        _, comment = self.forge.bodies(11)
        self.assertIn("## Nothing was applied: somebody has to allow it", comment)
        self.assertIn(digest, comment)
        allowed = self.apply(sha, digest, "data-loss mass-removal")
        self.assertFalse(allowed.failed, allowed.log)
        self.assertEqual(databases(), "0")

    def slow(self):
        """Declares two migrations, of which the first takes a while."""
        folder = self.repository / f"migrations/development/tenants/acme_{self.name}/schema"
        (folder / "V2__fill.sql").write_text("INSERT INTO events SELECT number, '2026-01-01 00:00:00', 'x' FROM numbers(28) WHERE sleepEachRow(0.1) = 0\n")
        (folder / "V3__later.sql").write_text("CREATE TABLE later (id UInt64) ENGINE = MergeTree ORDER BY id\n")

    def test_cancelled(self):
        head, sha = "1" * 40, "2" * 40
        self.slow()
        self.assertFalse(self.plan(12, head).failed)

        def cancel(process, says):
            # As GitHub's runner does: to the process of the step, and to no other.
            says("V2__fill.sql\"]: applying")
            time.sleep(0.3)
            os.kill(process.pid, signal.SIGINT)

        self.runner.during = {"Apply": cancel}
        cancelled = self.merge(12, head, sha)
        self.assertIn(("Apply", 130), cancelled.steps, cancelled.log)
        self.assertIn("stopping: 1 running step will be finished", cancelled.log)
        plan, comment = self.forge.bodies(12)
        self.assertIn("<!-- charter:plan ", plan)
        self.assertIn("## The apply was stopped", comment)
        self.assertRegex(comment, r"V2__fill.sql\"\]: applied")
        self.assertRegex(comment, r"V3__later.sql\"\]: not started")
        tables = SERVER.run(f"SELECT count() FROM system.tables WHERE name = 'later' AND database = 'tenant_acme_{self.name}'")
        self.assertEqual(tables.strip(), "0")

    def test_cancelled_before_the_apply(self):
        self.declare("analyst.hcl", ROLE)
        head = "3" * 40
        self.assertFalse(self.plan(13, head).failed)
        (kept,) = self.runner.store.values()
        self.assertEqual([path.name for path in kept.iterdir()], ["charter.plan"])

    def test_an_old_plan_run_again_replaces_nothing(self):
        self.declare("analyst.hcl", ROLE)
        self.assertFalse(self.plan(14, "4" * 40).failed)
        self.assertFalse(self.plan(14, "5" * 40).failed)
        (comment,) = self.forge.bodies(14)
        again = self.run_plan(14, "4" * 40)
        self.assertIn("GitHub #14 is at 555555555555 by now", again.log)
        self.assertEqual(self.forge.bodies(14), [comment])

    def test_arguments(self):
        self.declare("whose.hcl", 'variable "whose" {\n  default = "nobody"\n}\n')
        self.declare("analyst.hcl", ROLE.replace("tenant.acme.database", "var.whose"))
        database = f"tenant_acme_{self.name}"
        (self.repository / "production.vars.hcl").write_text(f'whose = "{database}"\n')
        self.vars = {"CHARTER_ARGS": "--var-file production.vars.hcl"}
        head, sha = "6" * 40, "7" * 40
        planned = self.plan(15, head)
        self.assertFalse(planned.failed, planned.log)
        merged = self.merge(15, head, sha)
        self.assertFalse(merged.failed, merged.log)
        self.assertIn(f"{database}.*", SERVER.run(f"SHOW GRANTS FOR {self.role()}").replace("`", ""))
        contexts = self.contexts("schedule", "b" * 40, "b" * 40)
        nightly = self.runner.run(".github/workflows/charter-drift.yml", self.repository, {}, contexts)
        self.assertFalse(nightly.failed, nightly.log)
        self.assertEqual(self.forge.drift(), [], nightly.log)

    def test_without_a_plan(self):
        self.declare("analyst.hcl", ROLE)
        pushed = self.apply("6" * 40)
        self.assertIn(("Apply", 4), pushed.steps)
        self.assertFalse(self.has_role())
        self.assertEqual(self.forge.writes(), [])

    def test_fork(self):
        self.declare("analyst.hcl", ROLE)
        job = self.plan(9, "7" * 40, fork=True)
        self.assertFalse(job.failed, job.log)
        self.assertIn("The configuration is valid", job.log)
        self.assertEqual(self.forge.log, [])
        self.assertEqual(self.forge.artifacts, [])
        # What a fork uploads under the name of a plan is not applied.
        self.forge.artifacts.append({"id": 1, "name": f"charter-plan-default-{'7' * 40}", "expired": False, "workflow_run": {"id": 9001}})
        merged = self.merge(9, "7" * 40, "8" * 40)
        self.assertIn(("Apply", 4), merged.steps)
        self.assertFalse(merged.ran("download-artifact"))
        self.assertFalse(self.has_role())

    def test_refusals(self):
        self.declare("broken.hcl", 'role "analyst" {\n  grant {\n    on = "```@team"\n')
        broken = self.plan(10, "9" * 40)
        self.assertTrue(broken.failed)
        (comment,) = self.forge.bodies(10)
        self.assertIn("## The configuration is not valid", comment)
        (self.repository / "broken.hcl").unlink()
        self.declare("analyst.hcl", ROLE)
        SERVER.run(f"CREATE ROLE {self.role()}")
        SERVER.run(f"GRANT SELECT ON system.* TO {self.role()}")
        refused = self.plan(10, "a" * 40)
        self.assertTrue(refused.failed)
        self.assertEqual(self.forge.artifacts, [])
        (comment,) = self.forge.bodies(10)
        self.assertIn("Its findings keep this plan from being applied", comment)
        self.assertIn("CH201", comment)

    def test_drift(self):
        contexts = self.contexts("schedule", "b" * 40, "b" * 40)
        nightly = lambda: self.runner.run(".github/workflows/charter-drift.yml", self.repository, {}, contexts)
        self.assertFalse(nightly().failed)
        self.assertEqual(self.forge.issues, [])
        database = f"tenant_acme_{self.name}"
        SERVER.run(f"GRANT SELECT ON system.* TO role_tenant_acme_{self.name}")
        for _ in range(2):
            job = nightly()
            self.assertFalse(job.failed, job.log)
            (issue,) = self.forge.drift()
            self.assertIn(database.removeprefix("tenant_"), issue["body"])
        SERVER.run(f"REVOKE SELECT ON system.* FROM role_tenant_acme_{self.name}")
        self.assertFalse(nightly().failed)
        self.assertEqual(self.forge.drift(), [])
        self.assertEqual(len(self.forge.drift("closed")), 1)
        # A server that is not there is not "no drift".
        SERVER.run(f"GRANT SELECT ON system.* TO role_tenant_acme_{self.name}")
        nightly()
        contexts["secrets"]["CLICKHOUSE_PLAN_URL"] = "http://127.0.0.1:1"
        self.assertTrue(nightly().failed)
        self.assertEqual(len(self.forge.drift()), 1)


class OnGitlab(Story):
    """examples/ci/gitlab."""

    template = "ci/gitlab"

    def copy_jobs(self):
        shutil.copy(ROOT / "examples/ci/gitlab/.gitlab-ci.yml", self.repository / "ci/charter/gitlab-ci.yml")

    def setUp(self):
        super().setUp()
        self.runner = Gitlab(self.folder, self.env, self.forge)
        login = {"CHARTER_GITLAB_TOKEN": "glpat", "CHARTER_PLAN_KEY": KEY, "CI_DEFAULT_BRANCH": "main"}
        for kind, user in (("PLAN", "charter_plan"), ("APPLY", "charter_apply")):
            login |= {f"CLICKHOUSE_{kind}_URL": SERVER.url, f"CLICKHOUSE_{kind}_USER": user, f"CLICKHOUSE_{kind}_PASSWORD": PASSWORD[user]}
        self.variables = login

    def plan(self, head, variables=None, source="42"):
        request = {"CI_MERGE_REQUEST_IID": "3", "CI_MERGE_REQUEST_PROJECT_ID": "42", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": source}
        variables = self.variables if variables is None else variables
        self.forge.merge_requests["3"] = {"iid": 3, "state": "opened", "sha": head, "merge_commit_sha": None, "source_project_id": int(source)}
        return self.runner.run(self.repository, "charter-plan", {**variables, **request, "CI_PIPELINE_SOURCE": "merge_request_event", "CI_COMMIT_SHA": head})

    def merge(self, head, sha):
        self.forge.merge_requests["3"] = {"iid": 3, "state": "merged", "sha": head, "merge_commit_sha": sha, "squash_commit_sha": None, "source_project_id": 42, "diff_refs": {"head_sha": head}}
        return self.apply(sha)

    def apply(self, sha, **more):
        return self.runner.run(self.repository, "charter-apply", {**self.variables, "CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_SHA": sha, **more})

    def test_gl_merged(self):
        self.declare("analyst.hcl", ROLE)
        first = self.plan("1" * 40)
        self.assertFalse(first.failed, first.log)
        self.declare("globex.hcl", TENANT.format("globex"))
        second = self.plan("2" * 40)
        (note,) = self.forge.bodies(3, "robot")
        self.assertIn(f"tenant_globex_{self.name}", note)
        merged = self.merge("2" * 40, "3" * 40)
        self.assertFalse(merged.failed, merged.log)
        self.assertTrue(self.has_role())
        _, applied = self.forge.bodies(3, "robot")
        self.assertIn("## Apply complete", applied)
        self.clean()
        self.assertIn("it was applied at", self.apply("3" * 40).log)
        self.assertIsNone(self.runner.run(self.repository, "charter-plan", {"CI_PIPELINE_SOURCE": "push"}))
        self.tell_nothing(first.log, second.log, merged.log)

    def test_gl_stale(self):
        self.declare("analyst.hcl", ROLE)
        self.assertFalse(self.plan("4" * 40).failed)
        SERVER.run(f"CREATE ROLE {self.role()}")
        merged = self.merge("4" * 40, "5" * 40)
        self.assertEqual(merged.steps, [("charter-apply", 4)], merged.log)
        _, note = self.forge.bodies(3, "robot")
        self.assertIn("the plan is stale", note)

    def test_gl_cancelled(self):
        OnGithub.slow(self)
        self.assertFalse(self.plan("8" * 40).failed)

        def cancel(process, says):
            # As GitLab's runner does: to all processes of the job.
            says("V2__fill.sql\"]: applying")
            time.sleep(0.3)
            os.killpg(process.pid, signal.SIGTERM)

        self.runner.during = cancel
        cancelled = self.merge("8" * 40, "9" * 40)
        self.assertEqual(cancelled.steps, [("charter-apply", 130)], cancelled.log)
        _, note = self.forge.bodies(3, "robot")
        self.assertIn("## The apply was stopped", note)
        self.assertRegex(note, r"V3__later.sql\"\]: not started")

    def test_gl_plan_of_an_older_commit(self):
        self.declare("analyst.hcl", ROLE)
        self.assertFalse(self.plan("a" * 40).failed)
        # Pushed without a pipeline: what there is, is the plan of the commit before.
        merged = self.merge("b" * 40, "c" * 40)
        self.assertIn("it has no saved plan", merged.log)
        self.assertFalse(self.has_role())

    def test_gl_fork(self):
        job = self.plan("6" * 40, {}, "43")
        self.assertFalse(job.failed, job.log)
        self.assertIn("The configuration is valid", job.log)
        self.assertEqual(self.forge.log, [])

    def test_gl_drift(self):
        nightly = lambda: self.runner.run(self.repository, "charter-drift", {**self.variables, "CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_SHA": "7" * 40})
        SERVER.run(f"GRANT SELECT ON system.* TO role_tenant_acme_{self.name}")
        self.assertFalse(nightly().failed)
        self.assertEqual(len(self.forge.drift()), 1)
        SERVER.run(f"REVOKE SELECT ON system.* FROM role_tenant_acme_{self.name}")
        self.assertFalse(nightly().failed)
        self.assertEqual(self.forge.drift(), [])


if __name__ == "__main__":
    unittest.main()
