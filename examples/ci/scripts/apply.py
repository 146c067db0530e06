"""Applies what a merged pull request showed: its saved plan, and nothing else.

charter.plan of CHARTER_OUT is applied; its own checks make that safe. Where the servers or the configuration moved since
(exit code 4), where it was applied already, or where there is none, a new plan is made and told, and nothing is applied:
a person approves it by its digest, CHARTER_APPROVE. Leaves comment.md and result.json; results: applied, unchanged, stale,
unplanned, half-way, locked, refused, failed.

CHARTER_APPROVE       the digest of a plan: plans anew, and applies only if that is the plan
CHARTER_ALLOW         what a person allows besides: data-loss, mass-removal, with spaces between
CHARTER_LOCK_TIMEOUT  how long to wait for another run's lock; 15m
"""

import os
import re
import sys

import ci
import plan

DONE, ERROR, CHANGES, HALF_WAY, STALE, LOCKED, UNDECIDED, DENIED = 0, 1, 2, 3, 4, 5, 6, 7

TOLD = {
    HALF_WAY: ("half-way", "The apply stopped half-way", "What is done stays done. Run the job again: the rest is planned anew, and completed once it is approved."),
    LOCKED: ("locked", "Nothing was applied: another run holds the lock", "Run the job again when that run is over."),
    UNDECIDED: ("refused", "Nothing was applied: a person must decide", "The evidence stands below; `charter migrate repair` records a decision."),
}


def main():
    """Runs the job; returns its exit code."""
    os.environ.setdefault("CHARTER_LOCK_TIMEOUT", "15m")
    approved = os.environ.get("CHARTER_APPROVE", "").strip()
    flags = [f"--allow-{word}" for word in os.environ.get("CHARTER_ALLOW", "").split() if word in ("data-loss", "mass-removal")]
    if approved:
        if not re.fullmatch(r"[0-9a-f]{8,64}", approved):
            raise SystemExit("CHARTER_APPROVE is no digest: 8 to 64 hexadecimal digits, as the comment shows them")
        return report(*ci.charter("apply", "--approve", approved, *flags))
    saved = os.path.join(ci.folder(), "charter.plan")
    if not os.path.exists(saved):
        return anew("unplanned", "There is no saved plan of this commit", "")
    return report(*ci.charter("apply", saved, *flags))


def report(code, printed, said):
    """Tells how an apply ended."""
    if code == STALE:
        return anew("stale", "Nothing was applied: the plan is stale", said)
    if code == DENIED:
        return anew("refused", "Nothing was applied: somebody has to allow it", said, DENIED)
    if code == DONE:
        nothing = "Nothing to apply" in printed + said or "No changes." in printed
        title = "Nothing to apply" if nothing else headline(printed) or "Applied"
        ci.finish("unchanged" if nothing else "applied", f"## {title}\n\n{folded(printed)}" + ci.footer("Apply"))
        return DONE
    result, title, next_step = TOLD.get(code, ("failed", "Nothing was applied", ""))
    text = f"## {title}\n\n{next_step}\n\n{ci.fenced(said + printed)}"
    ci.finish(result, text + ci.footer("Apply"))
    return code


def anew(result, title, said, ends=STALE):
    """Plans anew and tells it; applies nothing."""
    # This job may read Secrets, as its apply does: so the digest is the one that the apply will have.
    code, page, more = ci.charter("plan", "--detailed-exitcode", "--format", "markdown")
    if code == DONE:
        ci.finish("unchanged", f"## Nothing to apply\n\nClickHouse and Kubernetes match the configuration.\n{reason(said)}" + ci.footer("Apply"))
        return DONE
    digest = plan.digest(page)[:12]
    if not digest:
        text = f"## {title}\n\n{reason(said)}\nA new plan could not be made:\n\n{ci.fenced(more)}"
        ci.finish(result, text + ci.footer("Apply"))
        return code
    how = f"This is the plan now. Whoever may apply runs the apply job by hand with the digest `{digest}`, and exactly this is applied.\n\n"
    if ends == DENIED:
        how = f"Whoever may allow it runs the apply job by hand with the digest `{digest}`, and says what it may do: data loss, mass removal.\n\n"
    if code != CHANGES:
        how = f"This is the plan now. {plan.MEANING.get(code, plan.MEANING[ERROR])}\n\n"
    ci.finish(result, f"## {title}\n\n{reason(said)}\n{how}{page}" + ci.footer("Apply"), digest=digest)
    return ends


def reason(said):
    """Returns why, as charter said it."""
    return ci.fenced(said) if said.strip() else ""


def headline(printed):
    """Returns the line of a report that says how it ended."""
    lines = [line.strip() for line in printed.splitlines() if line.startswith("Apply complete")]
    return lines[-1].rstrip(".") if lines else ""


def folded(printed):
    """Returns what was printed, folded."""
    return f"<details><summary>What was applied</summary>\n\n{ci.fenced(printed)}\n</details>\n"


if __name__ == "__main__":
    sys.exit(main())
