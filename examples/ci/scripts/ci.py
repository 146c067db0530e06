"""What the jobs share: running charter, and telling the CI.

CHARTER_BIN     the program; charter, of the PATH
CHARTER_DIR     the folder of the configuration; the top of the repository
CHARTER_ARGS    further arguments of every command, such as --var-file production.vars.hcl
CHARTER_KEY     tells several configurations of one repository apart; default
CHARTER_OUT     where the job's files go; charter-plan
"""

import hashlib
import json
import os
import re
import secrets
import shlex
import signal
import subprocess
import threading

from github import event

# What the configuration reads from the environment. A CI sets a secret that is missing to the empty text.
LOGIN = ("CLICKHOUSE_URL", "CLICKHOUSE_USER", "CLICKHOUSE_PASSWORD")

# The charter that runs, and the signals that came.
RUNNING, SIGNALS = [], []


def key():
    """Returns which configuration the job is about, as a name: no two keys have the same."""
    whole = os.environ.get("CHARTER_KEY") or "default"
    name = re.sub(r"[^A-Za-z0-9._-]", "_", whole)
    return name if name == whole else f"{name}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def folder():
    """Returns where the job's files go."""
    return os.environ.get("CHARTER_OUT") or "charter-plan"


def artifact(head):
    """Returns the name of the saved plan of a commit."""
    return f"charter-plan-{key()}-{head}"


def is_fork(env):
    """Returns whether the job runs for the pull request of a fork: whatever it says is not to be trusted."""
    pull = event(env).get("pull_request")
    if pull:
        return ((pull["head"].get("repo") or {}).get("full_name")) != env.get("GITHUB_REPOSITORY")
    source = env.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID")
    return bool(source) and source != env.get("CI_MERGE_REQUEST_PROJECT_ID")


def head():
    """Returns the commit that a pull request proposes."""
    pull = event(os.environ).get("pull_request")
    if pull:
        return pull["head"]["sha"]
    return os.environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or os.environ.get("CI_COMMIT_SHA") or os.environ.get("GITHUB_SHA", "")


def pass_signals_on():
    """Leaves it to charter, from here on, when to end: it finishes what runs, and reports."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, pass_on)


def pass_on(number, _):
    """Passes a signal on to the charter that runs."""
    SIGNALS.append(number)
    for process in RUNNING:
        process.send_signal(number)


def charter(*arguments):
    """Runs charter; returns its exit code, results and messages. Both go to the log as they come, but for Markdown.

    The code is None where it was not started, and negative where a signal ended it.
    """
    env = {name: value for name, value in os.environ.items() if value or name not in LOGIN}
    command = [env.get("CHARTER_BIN") or "charter", "-C", env.get("CHARTER_DIR") or ".", *arguments]
    command += shlex.split(env.get("CHARTER_ARGS", ""))
    print(f"$ charter {shlex.join(command[1:])}", flush=True)
    # Names that somebody chose are no commands to GitHub's runner.
    stop = secrets.token_hex(16)
    if env.get("GITHUB_ACTIONS"):
        print(f"::stop-commands::{stop}", flush=True)
    printed, said = [], []
    if SIGNALS:
        return None, "", "the job was stopped before charter began"
    try:
        # A session of its own: what is sent to the whole group would reach it twice, and twice means "at once".
        process = subprocess.Popen(command, env=env, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace")
    except OSError as error:
        return None, "", f"{command[0]} cannot be run: {error}"
    RUNNING.append(process)
    for number in list(SIGNALS):
        process.send_signal(number)  # it came while the process was started
    with process:
        thread = threading.Thread(target=follow, args=(process.stderr, said, True))
        thread.start()
        follow(process.stdout, printed, "markdown" not in arguments)
        thread.join()
    RUNNING.remove(process)
    if env.get("GITHUB_ACTIONS"):
        print(f"::{stop}::", flush=True)
    return process.returncode, "".join(printed), "".join(said)


def follow(stream, lines, shown):
    """Keeps the lines of a stream, and shows them as they come."""
    for line in stream:
        lines.append(line)
        if shown:
            print(line, end="", flush=True)


def write(name, text):
    """Writes a file of the job."""
    os.makedirs(folder(), exist_ok=True)
    with open(os.path.join(folder(), name), "w", encoding="utf-8") as file:
        file.write(text)


def remove(name):
    """Removes a file of the job, where there is one."""
    path = os.path.join(folder(), name)
    if os.path.lexists(path):
        os.remove(path)


def leave(result, text, **more):
    """Leaves what the job found, for the comment."""
    write("comment.md", text)
    write("result.json", json.dumps({"result": result, **more}) + "\n")


def finish(result, text, **more):
    """Leaves what the job found: for the comment, for later steps, and on the job's own page."""
    leave(result, text, **more)
    outputs(result=result, **more)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with open(summary, "a", encoding="utf-8") as file:
            file.write(text + "\n")
    print(f"Result: {result}.", flush=True)


def result(path):
    """Returns what a job found; empty where it did not get so far."""
    try:
        with open(os.path.join(path, "result.json"), encoding="utf-8") as file:
            return json.load(file)["result"]
    except (OSError, ValueError, KeyError):
        return ""


def outputs(**values):
    """Tells later steps: on GitHub as outputs, on GitLab in charter.env."""
    path = os.environ.get("GITHUB_OUTPUT") or ("charter.env" if os.environ.get("GITLAB_CI") else None)
    if not path:
        return
    with open(path, "a", encoding="utf-8") as file:
        for name, value in values.items():
            value = re.sub(r"[\r\n]", " ", str(value))
            file.write(f"{name}={value}\n")


def fenced(text, most=20_000):
    """Returns a text as it is, in Markdown; the end of one that is too long."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text).rstrip("\n")
    if len(text) > most:
        text = "…\n" + text[-most:].split("\n", 1)[-1]
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}\n"


def link():
    """Returns a link to the job."""
    env = os.environ
    if env.get("CI_JOB_URL"):
        return f"[Job]({env['CI_JOB_URL']})"
    if env.get("GITHUB_RUN_ID"):
        return f"[Job]({env.get('GITHUB_SERVER_URL', 'https://github.com')}/{env['GITHUB_REPOSITORY']}/actions/runs/{env['GITHUB_RUN_ID']})"
    return ""


def footer(what):
    """Returns the last line of a comment."""
    return f"\n<sub>{what} of commit {head()[:12]}. {link()}</sub>\n"
