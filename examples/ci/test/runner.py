"""Runs the jobs of the YAML files: their `run` and `script` steps in order, as the forge's runner would.

Of GitHub: env, outputs, summary, event, conditions, composite actions, and the three actions that are used, as copies of
folders. Of GitLab: before_script and script in one shell, extends, variables, artifacts, and rules. Nothing else: what
these files do not use fails loudly.
"""

import json
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import yaml

PINNED = re.compile(r"actions/(checkout|upload-artifact|download-artifact)@[0-9a-f]{40}")


class Job:
    """What a job did: its steps with their exit codes and what they printed, and its outputs."""

    def __init__(self):
        self.steps, self.log, self.failed, self.summary = [], "", False, ""

    def ran(self, name):
        return any(step == name for step, _ in self.steps)


class Github:
    """A runner with a store of artifacts."""

    def __init__(self, root, base_env, forge):
        self.root, self.base_env, self.forge = Path(root), base_env, forge
        self.store, self.runs = {}, 0

    def run(self, workflow, repository, event, contexts):
        """Runs the one job of a workflow in a checkout of a repository."""
        self.runs += 1
        number = 9000 + self.runs
        space = self.root / f"run-{number}"
        document = yaml.safe_load((repository / workflow).read_text())
        (job,) = document["jobs"].values()
        space.mkdir(parents=True)
        (self.root / f"event-{number}.json").write_text(json.dumps(event))
        state = {**contexts, "run": number, "space": space, "repository": repository, "steps": {}}
        state["env"] = {
            **self.base_env,
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.forge.url,
            "GITHUB_REPOSITORY": "org/tenants",
            "GITHUB_EVENT_PATH": str(self.root / f"event-{number}.json"),
            "GITHUB_RUN_ID": str(number),
            "GITHUB_SHA": contexts["github"]["sha"],
            "GITHUB_ACTOR": "jane",
            "RUNNER_TEMP": str(self.root / f"temp-{number}"),
        }
        result = Job()
        self.steps(job["steps"], state, result)
        self.forge.runs[number] = {
            "id": number, "event": contexts["github"]["event_name"], "head_sha": contexts["head"],
            "path": workflow, "head_repository": {"full_name": contexts.get("from", "org/tenants")},
        }
        return result

    def steps(self, steps, state, result):
        for step in steps:
            condition = step.get("if", "success()")
            if "always()" not in condition and "success()" not in condition:
                condition = f"success() && ({condition})"
            if not evaluate(condition, state, result):
                continue
            given = {name: expand(value, state, result) for name, value in step.get("with", {}).items()}
            env = {name: expand(value, state, result) for name, value in step.get("env", {}).items()}
            if "run" in step:
                self.shell(step, env, state, result)
            elif step["uses"].startswith("./"):
                self.composite(step, given, state, result)
            else:
                self.action(step, given, state, result)

    # What is done to a running step, by its name: the process is given to a function.
    during = {}

    def shell(self, step, env, state, result):
        assert "${{" not in step["run"], "an expression in a script"
        files = {name: self.root / f"{name.lower()}-{len(result.steps)}-{state['run']}" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
        for path in files.values():
            path.write_text("")
        env = {**state["env"], **env, **{name: str(path) for name, path in files.items()}}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        process = run(command, state["space"], env, self.during.get(step.get("name")))
        result.steps.append((step.get("name") or step.get("id"), process.returncode))
        result.log += process.stdout
        result.failed |= process.returncode != 0
        result.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        for folder in files["GITHUB_PATH"].read_text().splitlines():
            state["env"]["PATH"] = folder + ":" + state["env"]["PATH"]
        if "id" in step:
            state["steps"][step["id"]] = outputs

    def composite(self, step, given, state, result):
        document = yaml.safe_load((state["space"] / step["uses"] / "action.yml").read_text())
        inputs = {name: about.get("default", "") for name, about in document["inputs"].items()}
        assert set(given) <= set(inputs), f"no such inputs: {set(given) - set(inputs)}"
        missing = [name for name, about in document["inputs"].items() if about.get("required") and name not in given]
        assert not missing, f"inputs are missing: {missing}"
        inner = {**state, "inputs": {**inputs, **given}, "steps": {}, "secrets": {}, "vars": {}}
        self.steps(document["runs"]["steps"], inner, result)
        outputs = {name: expand(about["value"], inner, result) for name, about in document.get("outputs", {}).items()}
        state["steps"][step["id"]] = outputs

    def action(self, step, given, state, result):
        name = PINNED.fullmatch(step["uses"])[1]
        if name == "checkout":
            assert given["persist-credentials"] == "False", "the token would stay in .git/config"
            shutil.copytree(state["repository"], state["space"], dirs_exist_ok=True)
        elif name == "upload-artifact":
            kept = self.root / f"artifact-{state['run']}"
            path = state["space"] / given["path"]
            # One file is at the top of the artifact.
            if path.is_file():
                kept.mkdir()
                shutil.copy(path, kept)
            else:
                shutil.copytree(path, kept)
            self.store[state["run"], given["name"]] = kept
            self.forge.artifacts.append({"id": self.forge.number(), "name": given["name"], "expired": False, "workflow_run": {"id": state["run"]}})
        else:
            assert given["github-token"] == "job-token"
            shutil.copytree(self.store[int(given["run-id"]), given["name"]], state["space"] / given["path"], dirs_exist_ok=True)
        result.steps.append((name, 0))


def run(command, folder, env, during=None):
    """Runs a step; `during` is given the process, and a function that waits for a text in its log."""
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    lines, more = [], threading.Condition()

    def follow():
        with process.stdout as log:
            for line in log:
                with more:
                    lines.append(line)
                    more.notify()

    def says(text):
        with more:
            if not more.wait_for(lambda: any(text in line for line in lines), timeout=120):
                raise AssertionError(f"no {text} in {lines}")

    thread = threading.Thread(target=follow)
    thread.start()
    if during:
        during(process, says)
    thread.join()
    return subprocess.CompletedProcess(command, process.wait(), "".join(lines))


def look_up(path, state):
    """Returns the value of a context's name; empty where there is none."""
    value = state
    for part in path.split("."):
        if part == "outputs":
            continue
        value = value.get(part, "") if isinstance(value, dict) else ""
    return "" if value is None else value


def evaluate(expression, state, result):
    """Evaluates what these files use of GitHub's expressions."""
    expression = expression.strip().removeprefix("${{").removesuffix("}}").strip()
    tokens = re.findall(r"'[^']*'|[A-Za-z_][\w.-]*(?:\(\))?|==|!=|&&|\|\||[()]", expression)
    assert "".join(tokens) == re.sub(r"\s(?=(?:[^']*'[^']*')*[^']*$)", "", expression), f"not understood: {expression}"
    words = {"==": "==", "!=": "!=", "&&": " and ", "||": " or ", "(": "(", ")": ")", "always()": "True", "success()": repr(not result.failed)}
    python = "".join(words.get(token) or (token if token.startswith("'") else repr(look_up(token, state))) for token in tokens)
    return eval(python, {"__builtins__": {}})  # of tokens that were checked


def expand(value, state, result):
    """Expands the expressions of a value."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(evaluate(found[1], state, result)), str(value))


class Gitlab:
    """A runner that keeps artifacts on the forge."""

    def __init__(self, root, base_env, forge):
        self.root, self.base_env, self.forge = Path(root), base_env, forge
        self.runs, self.during = 0, None

    def run(self, repository, name, variables):
        """Runs a job where its rules say so; None where they do not."""
        self.runs += 1
        document = yaml.safe_load((repository / "ci/charter/gitlab-ci.yml").read_text())
        job = {**document[document[name]["extends"]], **document[name]}
        job["variables"] = {**document[document[name]["extends"]].get("variables", {}), **document[name].get("variables", {})}
        if not any(rule_holds(rule["if"], variables) for rule in job["rules"]):
            return None
        space = self.root / f"gitlab-{self.runs}"
        shutil.copytree(repository, space)
        number = self.forge.number()
        env = {
            **self.base_env, **job["variables"], **variables, "GITLAB_CI": "true", "CI_API_V4_URL": self.forge.url,
            "CI_PROJECT_ID": "42", "GITLAB_USER_LOGIN": "jane", "CI_JOB_URL": f"https://gitlab.example.com/job/{number}",
        }
        script = "\n".join(job["before_script"] + job["script"])
        process = run(["bash", "-eo", "pipefail", "-c", script], space, env, self.during)
        result = Job()
        result.log, result.failed = process.stdout, process.returncode != 0
        result.steps.append((name, process.returncode))
        pipeline = self.forge.number()
        self.forge.pipelines.append({"id": pipeline, "project_id": 42, "source": variables["CI_PIPELINE_SOURCE"], "request": variables.get("CI_MERGE_REQUEST_IID"), "sha": variables["CI_COMMIT_SHA"]})
        self.forge.jobs.append({"id": number, "name": name, "pipeline": pipeline})
        for path in job.get("artifacts", {}).get("paths", []):
            whole = space / path
            for file in [whole] if whole.is_file() else whole.rglob("*"):
                self.forge.files[number, str(file.relative_to(space))] = file.read_bytes()
        return result


def rule_holds(rule, variables):
    """Evaluates what these files use of GitLab's rules."""
    tokens = re.findall(r'\$\w+|"[^"]*"|==|&&|\|\||[()]', rule)
    assert "".join(tokens) == re.sub(r"\s", "", rule), f"not understood: {rule}"
    words = {"==": "==", "&&": " and ", "||": " or "}
    python = "".join(words.get(token) or (repr(variables.get(token[1:], "")) if token.startswith("$") else token) for token in tokens)
    return eval(python, {"__builtins__": {}})  # of tokens that were checked


def environment(**more):
    """Returns the environment of every job: nothing of whoever runs the tests but the PATH."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "CHARTER_CI_PAUSE": "0.01", **more}
