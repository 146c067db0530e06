"""What the YAML files are: valid by their forges' schemas and by actionlint, thin, pinned, and closed to injection."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

CI = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((CI / "github").glob("*.yml"))
ACTION = CI / "github/action/action.yml"
GITLAB = CI / "gitlab/.gitlab-ci.yml"
SCRIPTS = sorted(path for path in (CI / "scripts").iterdir() if path.is_file())
USES = re.compile(r"uses: (actions/(?:checkout|upload-artifact|download-artifact)@[0-9a-f]{40} # v\d+\.\d+\.\d+|\./\.github/actions/charter-plan)$")


def steps(path):
    document = yaml.safe_load(path.read_text())
    if "runs" in document:
        return document["runs"]["steps"]
    return [step for job in document["jobs"].values() for step in job["steps"]]


class Files(unittest.TestCase):
    def test_the_forges_schemas(self):
        for schema, files in (("github-workflows", WORKFLOWS), ("github-actions", [ACTION]), ("gitlab-ci", [GITLAB])):
            command = ["check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files]
            # GitLab's schema says where `!reference` may stand; none is used.
            done = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @unittest.skipUnless(shutil.which("actionlint"), "actionlint is not installed: Go is missing")
    def test_actionlint(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["git", "init", "--quiet", folder], check=True)
            subprocess.run([os.environ["CHARTER_BIN"], "-C", folder, "init", "--from", "ci/github"], check=True, capture_output=True)
            done = subprocess.run(["actionlint", "-shellcheck=", "-pyflakes="], cwd=folder, capture_output=True, text=True)
            self.assertEqual(done.stdout + done.stderr, "")

    def test_what_others_write_is_never_a_part_of_a_script(self):
        for path in [*WORKFLOWS, ACTION]:
            for step in steps(path):
                self.assertNotIn("${{", step.get("run", ""), path)

    def test_actions_are_the_forges_own_and_pinned(self):
        for path in [*WORKFLOWS, ACTION]:
            for line in path.read_text().splitlines():
                if "uses:" in line:
                    self.assertRegex(line.strip().removeprefix("- "), USES)

    def test_what_a_pull_request_runs_is_given_little(self):
        for path in WORKFLOWS:
            document = yaml.safe_load(path.read_text())
            triggers = document[True]  # YAML 1.1 reads `on` as true
            self.assertNotIn("pull_request_target", triggers)
            self.assertNotIn("workflow_run", triggers)
            self.assertEqual(document["permissions"]["contents"], "read", path)
            # Of the runs that wait GitHub keeps one: an apply that was dropped would tell nobody.
            self.assertEqual("concurrency" in document, path.name != "apply.yml", path)
            if "pull_request" in triggers:
                self.assertNotIn("APPLY", path.read_text())

    def test_a_step_has_the_token_or_a_password_but_not_both(self):
        for path in [*WORKFLOWS, ACTION]:
            for step in steps(path):
                if "run" in step:
                    given = step.get("env", {})
                    self.assertFalse("GITHUB_TOKEN" in given and "CLICKHOUSE_PASSWORD" in given, step)

    def test_every_job_has_the_same_arguments(self):
        (plan,) = [step["with"]["arguments"] for step in steps(CI / "github/plan.yml") if step.get("id") == "charter"]
        given = [step["env"]["CHARTER_ARGS"] for name in ("apply", "drift") for step in steps(CI / f"github/{name}.yml") if "CLICKHOUSE_URL" in step.get("env", {})]
        self.assertEqual([plan, *given], ["${{ vars.CHARTER_ARGS }}"] * 3)

    def test_an_apply_is_the_process_that_a_cancelled_run_signals(self):
        (apply,) = [step["run"] for step in steps(CI / "github/apply.yml") if step.get("name") == "Apply"]
        self.assertEqual(apply, "exec python3 ci/charter/apply.py")

    def test_scripts_use_the_standard_library(self):
        import sys

        own = {path.stem for path in SCRIPTS}
        for path in SCRIPTS:
            if path.suffix == ".py":
                for name in re.findall(r"^\s*(?:import|from) (\w+)", path.read_text(), re.M):
                    self.assertTrue(name in own or name in sys.stdlib_module_names, f"{path.name}: {name}")

    def test_every_variable_is_explained(self):
        pages = (CI / "README.md").read_text() + (CI.parent.parent / "docs/ci.md").read_text()
        used = set()
        for path in [*WORKFLOWS, GITLAB]:
            used |= set(re.findall(r"(?:secrets|vars)\.(\w+)|\$(C[A-Z_]+_(?:URL|USER|PASSWORD|TOKEN|KEY))", path.read_text()))
        for name in {one for pair in used for one in pair if one}:
            self.assertIn(name, pages)


if __name__ == "__main__":
    unittest.main()
