"""Checks for drift, for the nightly job: what the servers have is compared with the configuration.

Leaves comment.md and result.json in CHARTER_OUT; results: clean, drift, unknown (it could not be checked).
CHARTER_CHECK has further arguments of `charter check`, such as --isolation.
"""

import os
import shlex
import sys

import ci

CLEAN, DRIFT = 0, 2


def main():
    """Runs the job; returns its exit code: drift is told by an issue, and fails nothing."""
    more = shlex.split(os.environ.get("CHARTER_CHECK") or "--no-secrets")
    code, page, said = ci.charter("check", "--format", "markdown", *more)
    result = {CLEAN: "clean", DRIFT: "drift"}.get(code, "unknown")
    if result == "unknown":
        page = f"## It is not known whether anything drifted\n\n{ci.fenced(said)}"
    ci.finish(result, f"{page}\n{ci.link()}\n")
    return 0 if result != "unknown" else code or 1


if __name__ == "__main__":
    sys.exit(main())
