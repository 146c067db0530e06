"""Applies what a merged pull request showed: its saved plan, and nothing else.

charter.plan of CHARTER_OUT is applied; its own checks make that safe. Where the servers or the configuration moved since
(exit code 4), where it was applied already, or where there is none, a new plan is made and told, and nothing is applied:
a person approves it by its digest, CHARTER_APPROVE. Leaves comment.md and result.json; results: applied, unchanged, stale,
unplanned, half-way, stopped, locked, refused, failed, unknown (the job did not get to its end).

SIGINT and SIGTERM, of a job that is cancelled, are passed on to charter: it finishes the steps that run and reports.

CHARTER_APPROVE       the digest of a plan: plans anew, and applies only if that is the plan
CHARTER_ALLOW         what a person allows besides: data-loss, mass-removal, with spaces between
CHARTER_LOCK_TIMEOUT  how long to wait for another run's lock; 15m
"""

import os
import re
import sys

import ci
import plan

DONE, ERROR, CHANGES, HALF_WAY, STALE, LOCKED, UNDECIDED, DENIED, DECLINED, USAGE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 7, 8, 64, 130

UNKNOWN = "It is not known what was applied: `charter history` has the run and how it ended. What is done stays done; the rest is planned anew."

# Only what charter itself says to have changed nothing is told so.
TOLD = {
    None: ("failed", "Nothing was applied: charter did not run", ""),
    ERROR: ("failed", "Nothing was applied", ""),
    DECLINED: ("refused", "Nothing was applied: it was not approved", ""),
    USAGE: ("failed", "charter was called wrongly", "Look at `CHARTER_ARGS` and the other variables of the job."),
    INTERRUPTED: ("stopped", "The apply was stopped", "The report below says what is done; without one it is not known what was applied: `charter history` has it. What is done stays done. Run the job again: the rest is planned anew, and completed once it is approved."),
    HALF_WAY: ("half-way", "The apply stopped half-way", "What is done stays done. Run the job again: the rest is planned anew, and completed once it is approved."),
    LOCKED: ("locked", "Nothing was applied: another run holds the lock", "Run the job again when that run is over."),
    UNDECIDED: ("refused", "A person must decide", "The evidence stands below, and what was applied before; `charter migrate repair` records a decision."),
}


def main():
    """Runs the job; returns its exit code."""
    begin()
    os.environ.setdefault("CHARTER_LOCK_TIMEOUT", "15m")
    approved = os.environ.get("CHARTER_APPROVE", "").strip()
    flags = [f"--allow-{word}" for word in os.environ.get("CHARTER_ALLOW", "").split() if word in ("data-loss", "mass-removal")]
    if approved:
        if not re.fullmatch(r"[0-9a-f]{8,64}", approved):
            ci.finish("failed", "## Nothing was applied\n\n`CHARTER_APPROVE` is no digest: 8 to 64 hexadecimal digits, as the comment shows them.\n" + ci.footer("Apply"))
            return ERROR
        return report(*ci.charter("apply", "--approve", approved, *flags))
    saved = os.path.join(ci.folder(), "charter.plan")
    if not os.path.exists(saved):
        return anew("unplanned", "There is no saved plan of this commit", "")
    return report(*ci.charter("apply", saved, *flags))


def begin():
    """Makes sure that whatever becomes of the job, nothing that an earlier one wrote is taken for what it says."""
    for name in ("comment.md", "result.json"):
        ci.remove(name)
    ci.leave("unknown", f"## The apply did not end\n\nThe job was ended, or broke. {UNKNOWN}\n" + ci.footer("Apply"))
    ci.pass_signals_on()


def report(code, printed, said):
    """Tells how an apply ended."""
    if code == STALE:
        return anew("stale", "Nothing was applied: the plan is stale", said)
    if code == DENIED:
        return anew("refused", "Nothing was applied: somebody has to allow it", said, DENIED)
    if code == DONE:
        done = headline(printed)
        nothing = not done and re.search(r"^(No changes\.|Nothing to apply\b)", printed, re.M)
        title = "Nothing to apply" if nothing else done or "Applied"
        ci.finish("unchanged" if nothing else "applied", f"## {title}\n\n{folded(printed)}" + ci.footer("Apply"))
        return DONE
    result, title, next_step = TOLD.get(code) or ("unknown", f"The apply ended with {ended(code)}", UNKNOWN)
    text = f"## {title}\n\n{next_step}\n\n{ci.fenced(said + printed)}"
    ci.finish(result, text + ci.footer("Apply"))
    return ERROR if code is None else code


def ended(code):
    """Returns how a process ended that ended in no way of its own."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"


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
        return code or ERROR
    how = f"This is the plan now. Whoever may apply runs the apply job by hand with the digest `{digest}`, and exactly this is applied.\n\n"
    if ends == DENIED:
        how = f"Whoever may allow it runs the apply job by hand with the digest `{digest}`, and says what it may do: data loss, mass removal.\n\n"
    if code != CHANGES:
        how = f"This is the plan now. {plan.MEANING.get(code, plan.MEANING[ERROR])}\n\n"
    ci.finish(result, f"## {title}\n\n{reason(said)}\n{how}{page}" + ci.footer("Apply"), digest=digest)
    return ends


def reason(said, most=3_000):
    """Returns why, as charter said it: its beginning, for the plan that follows has to fit, too."""
    if len(said) > most:
        said = said[:most].rsplit("\n", 1)[0] + "\n… the job's log has all of it"
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
