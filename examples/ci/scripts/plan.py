"""Plans a pull request: validates, checks the format, plans without reading Secrets, and saves the plan.

Leaves in CHARTER_OUT: comment.md, result.json and, where the plan may be applied, charter.plan. Results: unchanged,
changed, refused (findings keep it from being applied), failed (it could not be planned), invalid (the configuration),
unformatted, valid (a fork's: no server was asked). The last line of each comment says what was looked at.

CHARTER_FMT      check (the default), or off
CHARTER_EXPIRES  how long the saved plan can be applied; 14d
CHARTER_SECRETS  read, where the job's account may read Secrets; else they are not looked at, and a plan that changes
                 an existing Secret is stale when it is merged
"""

import os
import sys

import ci

# Exit codes of charter: README.md.
DONE, ERROR, CHANGES, UNDECIDED, DENIED = 0, 1, 2, 6, 7

MEANING = {
    ERROR: "Its findings keep this plan from being applied: what to do stands with each.",
    UNDECIDED: "A person must decide something before this plan can be applied: the evidence stands below.",
    DENIED: "This plan is denied: by a lint rule, or for want of a flag that its apply would need.",
}


def main():
    """Runs the job; returns its exit code."""
    if ci.is_fork(os.environ) or not os.environ.get("CLICKHOUSE_URL"):
        return validated()
    code, _, said = ci.charter("validate")
    if code != DONE:
        return stop(code, "invalid", "The configuration is not valid", said)
    unformatted = formatted()
    path = os.path.join(ci.folder(), "charter.plan")
    os.makedirs(ci.folder(), exist_ok=True)
    expires = os.environ.get("CHARTER_EXPIRES") or "14d"
    code, page, said = ci.charter("plan", *secrets(), "--detailed-exitcode", "--format", "markdown", "-o", path, "--expires", expires)
    if not page.startswith("<!-- charter:plan "):
        return stop(code, "failed", "The plan could not be made", said)
    results = {DONE: "unchanged", CHANGES: "changed"}
    result = results.get(code, "refused")
    word = "" if result != "refused" else f"> {MEANING.get(code, MEANING[ERROR])}\n\n"
    if unformatted:
        word += "> The configuration is not in the canonical format: `charter fmt` mends it.\n\n"
    ci.finish(result, page_with(page, word) + ci.footer("Plan"), artifact=ci.artifact(ci.head()), digest=digest(page), saved=os.path.exists(path))
    if result == "refused":
        return code
    return ERROR if unformatted else DONE


def validated():
    """Validates and does no more: nothing secret is there to ask a server with."""
    for name in ("CLICKHOUSE_URL", "CLICKHOUSE_PASSWORD"):
        # What the configuration reads from the environment has to be something; nothing is sent there.
        os.environ[name] = os.environ.get(name) or "http://none.invalid"
    code, _, said = ci.charter("validate")
    if code != DONE:
        return stop(code, "invalid", "The configuration is not valid", said)
    unformatted = formatted()
    word = "The configuration is valid. It was not planned: a fork's pull request is given no secrets.\n"
    ci.finish("unformatted" if unformatted else "valid", f"## charter validate\n\n{word}" + ci.footer("Validation"))
    return ERROR if unformatted else DONE


def secrets():
    """Returns how Secrets are treated."""
    return [] if os.environ.get("CHARTER_SECRETS") == "read" else ["--no-secrets"]


def formatted():
    """Returns whether something is not in the canonical format."""
    if os.environ.get("CHARTER_FMT") == "off":
        return False
    return ci.charter("fmt", "--check")[0] != DONE


def stop(code, result, title, said):
    """Tells why there is no plan."""
    ci.finish(result, f"## {title}\n\n{ci.fenced(said)}" + ci.footer("Plan"))
    return code or ERROR


def page_with(page, word):
    """Puts a word below the marker and the title of a page."""
    if not word:
        return page
    marker, title, rest = page.split("\n", 2)
    return f"{marker}\n{title}\n\n{word}{rest.lstrip()}"


def digest(page):
    """Returns the digest that the marker of a page holds."""
    first = page.split("\n", 1)[0]
    return first.partition(" digest=")[2].partition(" ")[0]


if __name__ == "__main__":
    sys.exit(main())
