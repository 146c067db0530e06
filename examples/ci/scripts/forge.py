"""What the jobs tell the forge, and ask it. Needs its token, and nothing of ClickHouse.

forge.py comment KEY FILE   posts FILE on the pull request, or replaces what KEY posted there before
forge.py merged             finds the merged pull request of this commit, and its saved plan
forge.py issue KEY FOLDER   opens, updates or closes the drift issue, as FOLDER/result.json says
"""

import os
import sys

import ci
import sticky
from github import GitHub
from gitlab import GitLab


def main(arguments):
    """Runs a command."""
    env = os.environ
    if ci.is_fork(env) or not (env.get("GITHUB_TOKEN") or env.get("CHARTER_GITLAB_TOKEN")):
        return print("Nothing is posted: this job has no token that may (a fork's pull request).")
    forge = GitLab(env) if env.get("GITLAB_CI") else GitHub(env)
    commands = {"comment": comment, "merged": merged, "issue": issue}
    if not arguments or arguments[0] not in commands:
        raise SystemExit(__doc__)
    return commands[arguments[0]](forge, *arguments[1:])


def comment(forge, kind, path):
    """Posts a file."""
    number = os.environ.get("CHARTER_CI_PULL") or forge.thread()
    if not number:
        return print("Nothing is posted: there is no pull request.")
    now = forge.head(number) if kind == "plan" else ""
    if now and now != ci.head():
        return print(f"Nothing is posted: this is the plan of {ci.head()[:12]}, and {forge.name} #{number} is at {now[:12]} by now.")
    if not os.path.exists(path):
        return print(f"Nothing is posted: there is no {path}.")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    done = sticky.comment(forge, number, f"{kind} {ci.key()}", text)
    print(f"The comment on {forge.name} #{number} was {done}.")


def merged(forge):
    """Tells which pull request was merged, and where its saved plan is."""
    sha = os.environ.get("GITHUB_SHA") or os.environ.get("CI_COMMIT_SHA", "")
    found = forge.merged(sha)
    if not found:
        print(f"Commit {sha} is not the merge of a pull request.")
        return ci.outputs(pull="", run="", artifact="")
    number, head = found
    artifact = ci.artifact(head)
    run = forge.saved(number, head, artifact, ci.folder())
    print(f"Commit {sha} is the merge of #{number} ({head}); " + (f"its plan is of run {run}." if run else "it has no saved plan."))
    ci.outputs(pull=number, run=run or "", artifact=artifact)
    return None


def issue(forge, kind, folder):
    """Opens, updates or closes an issue."""
    result = ci.result(folder)
    key = f"{kind} {ci.key()}"
    if result == "drift":
        with open(os.path.join(folder, "comment.md"), encoding="utf-8") as file:
            text = file.read()
        title = "ClickHouse drifted from its configuration" + ("" if ci.key() == "default" else f" ({ci.key()})")
        print(f"The issue was {sticky.issue(forge, key, title, text)}.")
    elif result == "clean":
        count = sticky.resolved(forge, key, f"Nothing drifts any more. {ci.link()}")
        print(f"Nothing drifts; {count} issue{'' if count == 1 else 's'} closed.")
    else:
        print("Whether anything drifts is not known: the issue is left as it is.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
