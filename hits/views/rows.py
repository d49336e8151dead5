"""The rows of the queue, with everything their template shows worked out once: a page of fifty costs little more than
its answers. What is written here is escaped by the template like any other text; only what templates drew is HTML."""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from dashboard.models import Membership, Role
from dashboard.templatetags.formats import ago, assignment_state, countdown, money, took
from hits.answers import read
from hits.models import Assignment, AssignmentStatus
from hits.templatetags.answers import answer_thumbnail

#: Thumbnails kept by each process: whoever reviews comes back to the same page after every few decisions.
MOST_KEPT = 2_000
_LONGEST_KEPT = 20_000
thumbnails: dict[bytes, SafeString] = {}


def row_maker(membership: Membership, query: str) -> Callable[[Assignment], dict[str, Any]]:
    """What makes the "row" of hits/queue.html from an assignment (of `for_page()`), for this person and filter."""
    slug = membership.account.slug
    queue = reverse("queue", args=[slug])
    may_decide = membership.role >= Role.REVIEWER
    behind = f"?{query}" if query else ""
    rejecting = f"{behind}&open=reject" if query else "?open=reject"

    def row(assignment: Assignment) -> dict[str, Any]:
        hit, verdict = assignment.hit, assignment.verdict
        waiting = assignment.status == AssignmentStatus.SUBMITTED
        # As `reverse` writes it, which would take longer than all the rest of a row.
        url = f"{queue}{quote(assignment.assignment_id, safe=_SAFE)}/"
        this = {
            "id": assignment.assignment_id,
            "status": assignment.status,
            "url": f"{url}{behind}",
            "time": countdown(assignment.auto_approval_at) if waiting else ago(assignment.submitted_at),
            "waiting": waiting,
            "thumbnail": thumbnail(assignment.answer, hit.question),
            "worker_id": assignment.worker_id,
            "worker_url": f"{queue}?worker={quote(assignment.worker_id)}",
            "took": took(assignment.work_seconds),
            "batch": str(hit.batch),
            "batch_url": f"{queue}?batch={hit.batch_id}",
            "title": hit.title,
        }
        if may_decide and waiting and verdict is None:
            cost = hit.reward + hit.fee
            this |= {
                "decide_url": f"{url}decide/",
                "reject_url": f"{url}{rejecting}",
                "cost": str(cost),
                "price": money(cost),
            }
        else:
            this["state"] = _state(**assignment_state(assignment))
        if verdict is not None:
            this["verdict"] = verdict
            verdict.account = membership.account
        if may_decide and verdict is not None and verdict.undoable():
            this["undo_url"] = reverse("command_act", args=[slug, verdict.pk])
            this["undo_until"] = verdict.not_before.isoformat()
        return this

    return row


# The characters `reverse` leaves as they are (RFC 3986: what a path segment may hold).
_SAFE = "/~:@!$&'()*+,;="


def thumbnail(answer: str, question: str) -> SafeString:
    """An answer in small, drawn by its template; kept under its texts' digest, since neither ever changes."""
    if len(answer) > _LONGEST_KEPT:
        return _drawn(answer, question)
    digest = hashlib.blake2b(answer.encode("utf-8", "surrogatepass"), digest_size=32)
    digest.update(b"\x00" + question.encode("utf-8", "surrogatepass"))
    key = digest.digest()
    found = thumbnails.get(key)
    if found is None:
        found = _drawn(answer, question)
        if len(thumbnails) >= MOST_KEPT:
            thumbnails.clear()
        thumbnails[key] = found
    return found


def _drawn(answer: str, question: str) -> SafeString:
    return render_to_string("answers/thumbnail.html", answer_thumbnail(read(answer, question)))


@lru_cache(maxsize=200)
def _state(word: str, icon: str, colour: str, title: str) -> SafeString:
    return render_to_string("includes/state.html", {"word": word, "icon": icon, "colour": colour, "title": title})
