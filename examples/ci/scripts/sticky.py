"""Texts that are posted once and replaced: a comment on a pull request, an issue.

A hidden first line tells them. Only what the token's own user wrote is ever changed.
"""

import re
import time

from rest import Refused, Unclear

TRIES = 4


def marker(key):
    """Returns the hidden line of a key."""
    return f"<!-- charter-ci {re.sub(r'[^A-Za-z0-9._-]', '_', key)} -->"


def comment(forge, number, key, text):
    """Posts a comment, or replaces the one that is there; returns which of the two."""
    first = marker(key)
    for body in shorter(f"{first}\n{text}", forge.longest):
        try:
            return place(forge, number, first, body)
        except Refused as refused:
            if refused.status not in (400, 413, 422) or "too long" not in refused.text.lower():
                raise
    raise SystemExit("the forge takes no comment, however short")


def place(forge, number, first, body):
    """Makes sure that there is one comment that begins with a line, and that it has this text."""
    for attempt in range(TRIES):
        ours = [one for one in forge.comments(number) if one[1].lstrip().startswith(first)]
        if ours:
            return replace(forge, number, ours, body) if attempt == 0 else settle(forge, number, ours, body)
        try:
            forge.add(number, body)
        except Unclear as unclear:
            # It may be there all the same: the next round looks.
            print(f"{unclear}: looking whether it is there", flush=True)
            time.sleep(forge.rest.pause)
            continue
        ours = [one for one in forge.comments(number) if one[1].lstrip().startswith(first)]
        return settle(forge, number, ours, body)
    raise SystemExit("the forge answers neither yes nor no to a comment")


def settle(forge, number, ours, body):
    """Leaves one of what two jobs may have posted at once."""
    if len(ours) > 1:
        replace(forge, number, ours, body)
    return "posted"


def replace(forge, number, ours, body):
    """Changes the oldest one, and removes the others."""
    (oldest, old), *others = ours
    if old.replace("\r\n", "\n").strip() != body.strip():
        forge.edit(number, oldest, body)
    for other, _ in others:
        forge.remove(number, other)
    return "replaced"


def issue(forge, key, title, text):
    """Opens an issue, or brings the open one up to date; returns which of the two."""
    first = marker(key)
    body = next(shorter(f"{first}\n{text}", forge.longest))
    for attempt in range(TRIES):
        ours = [one for one in forge.issues() if one[1].lstrip().startswith(first)]
        if ours:
            number, old = ours[0]
            if old.replace("\r\n", "\n").strip() != body.strip():
                forge.edit_issue(number, body)
            return "updated" if attempt == 0 else "opened"
        try:
            forge.open_issue(title, body)
            return "opened"
        except Unclear as unclear:
            print(f"{unclear}: looking whether it is there", flush=True)
            time.sleep(forge.rest.pause)
    raise SystemExit("the forge answers neither yes nor no to an issue")


def resolved(forge, key, text):
    """Closes the open issues of a key; returns how many."""
    ours = [one for one in forge.issues() if one[1].lstrip().startswith(marker(key))]
    for number, _ in ours:
        forge.close_issue(number, text)
    return len(ours)


def shorter(text, longest):
    """Returns a text, and shorter ones, each no longer than a forge takes."""
    for limit in (longest, 60_000, 30_000, 10_000):
        if limit <= longest:
            yield cut(text, limit)


def cut(text, limit):
    """Returns as many lines as fit, what they open closed, with a word on what is missing."""
    if len(text) <= limit:
        return text
    room, kept, fence, details = limit - 300, [], "", 0
    for line in text.split("\n"):
        room -= len(line) + 1
        if room - 11 * details < 0:
            break
        kept.append(line)
        found = re.match(r"(`{3,}|~{3,})(.*)", line)
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence) and not found[2].strip():
            fence = ""
        elif not fence:
            details += line.count("<details") - line.count("</details>")
    kept += ([fence] if fence else []) + ["</details>"] * max(0, details)
    return "\n".join([*kept, "", "**Not everything is shown here:** it is too long for a comment. The job's log has all of it."])
