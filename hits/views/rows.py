"""The rows of the queue, with everything their template shows worked out once: a page of fifty costs little more than
its answers. What is written here is escaped by the template like any other text; only what templates drew is HTML."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboard.models import Command, Membership, Role, User
from dashboard.templatetags.formats import ago, assignment_state, countdown, money, took
from hits.actions import OVERRIDE_WITHIN
from hits.answers import read
from hits.models import HIT, Assignment, AssignmentStatus, Batch
from hits.templatetags.answers import answer_thumbnail
from marketplace.policies import asks_for_masters, assignment_cost

#: Thumbnails kept by each process: whoever reviews comes back to the same page after every few decisions.
MOST_KEPT = 2_000
_LONGEST_KEPT = 20_000
thumbnails: dict[bytes, SafeString] = {}


def rows_of(membership: Membership, query: str, assignments: Sequence[Assignment]) -> list[dict[str, Any]]:
    """The "row" of hits/queue.html of each assignment (of `for_rows()`), for this person and filter: texts, and whether
    it waits."""
    slug = membership.account.slug
    queue = reverse("queue", args=[slug])
    may_decide = membership.role >= Role.REVIEWER
    behind = f"?{query}" if query else ""
    rejecting = f"{behind}&open=reject" if query else "?open=reject"
    now, names = timezone.now(), _Names(membership)
    hits, verdicts = _hits_of(assignments, queue), _verdicts_of(assignments)

    def row(assignment: Assignment) -> dict[str, Any]:
        hit = hits[assignment.hit_id]
        verdict = assignment.verdict = verdicts.get(assignment.verdict_id)
        waiting = assignment.status == AssignmentStatus.SUBMITTED
        # As `reverse` writes it, which would take longer than all the rest of a row.
        url = f"{queue}{quote(assignment.assignment_id, safe=_SAFE)}/"
        this = {
            "id": assignment.assignment_id,
            "status": assignment.status,
            "url": f"{url}{behind}",
            "time": _time_of(assignment, now),
            "waiting": waiting,
            "thumbnail": thumbnail(assignment.answer, hit.question, hit.digest),
            "worker_id": assignment.worker_id,
            "worker_url": f"{queue}?worker={quote(assignment.worker_id)}",
            "took": took(assignment.work_seconds),
            "agrees": f"{assignment.agreement} %" if assignment.agreement <= _PERCENT else "",
            "held": _held(assignment, names, now),
            "marks": _marks(assignment) if _is_marked(assignment) else "",
            "batch": hit.batch,
            "batch_url": hit.batch_url,
            "title": hit.title,
        }
        if may_decide and waiting and verdict is None:
            this |= {
                "decide_url": f"{url}decide/",
                "reject_url": f"{url}{rejecting}",
                "cost": hit.cost,
                "price": hit.price,
            }
        else:
            this["state"] = _state(**assignment_state(assignment))
        if verdict is not None:
            this["decided_by"] = verdict.said_by
            if may_decide and verdict.undoable(now):
                this["undo_url"] = reverse("command_act", args=[slug, verdict.pk])
                this["undo_until"] = verdict.not_before.isoformat()
        return this

    return [row(assignment) for assignment in assignments]


@dataclass(frozen=True, slots=True)
class _Hit:
    """What all rows of a HIT show alike."""

    question: str
    digest: bytes
    title: str
    batch: str
    batch_url: str
    cost: str
    price: str


@cache
def _hits() -> Any:
    """HITs as values. Made once: saying what is asked for takes Django longer than answering takes the database."""
    return HIT.objects.values_list(
        "pk", "question", "batch_id", "batch__key", "batch__name", "hit_type__title", "reward", "max_assignments",
        "hit_type__qualification_requirements",
    )  # fmt: skip


@cache
def _verdicts() -> Any:
    shown = Command.objects.order_by().annotate(said_by=F("requested_by__username"))
    return shown.only("kind", "state", "waiting_for", "not_before", "first_sent_at")


def _hits_of(assignments: Sequence[Assignment], queue: str) -> dict[int, _Hit]:
    """The HITs of a page by their key. Read apart: they are fewer than answers, their questions are long, and no
    database can begin with them and sort. And not by `prefetch_related`, which is slower than all of the page: it asks
    SQLite for each key with an OR, and makes three objects of each."""
    found = _hits().filter(pk__in={assignment.hit_id for assignment in assignments})
    prices: dict[tuple[Decimal, int, bool], tuple[str, str]] = {}
    hits = {}
    for pk, question, batch_id, batch_key, batch_name, title, reward, most, requirements in found:
        kind = (reward, most, asks_for_masters(requirements))
        if kind not in prices:
            cost = assignment_cost(reward, max_assignments=most, masters=kind[2])
            prices[kind] = str(cost), money(cost)
        batch = Batch(key=batch_key, name=batch_name)
        hits[pk] = _Hit(question, _digest_of(question), title, str(batch), f"{queue}?batch={batch_id}", *prices[kind])
    return hits


def _verdicts_of(assignments: Sequence[Assignment]) -> dict[UUID | None, Any]:
    """The verdicts of a page that are on their way, with the name of who asked for it as `said_by`."""
    keys = {assignment.verdict_id for assignment in assignments if assignment.verdict_id}
    return {row.pk: row for row in _verdicts().filter(pk__in=keys)} if keys else {}


def _time_of(assignment: Assignment, now: datetime) -> SafeString | str:
    """What is left until it approves itself; of a rejection what is left to take it back; else how long ago it was."""
    if assignment.status == AssignmentStatus.SUBMITTED:
        return countdown(assignment.auto_approval_at)
    reversible = assignment.submitted_at + OVERRIDE_WITHIN
    if assignment.status == AssignmentStatus.REJECTED and reversible > now:
        return format_html('{} <span class="cell-sub">to take back</span>', countdown(reversible))
    return ago(assignment.submitted_at)


class _Names(dict[int, str]):
    """Names of the account's people, read when the first is asked for."""

    def __init__(self, membership: Membership) -> None:
        super().__init__()
        self.membership = membership

    def __missing__(self, pk: int) -> str:
        people = User.objects.filter(memberships__account=self.membership.account)
        self.update(people.values_list("pk", "username"))
        return self.setdefault(pk, "somebody")


def _held(assignment: Assignment, names: _Names, now: datetime) -> str:
    """Who took it for themselves, and until when."""
    if assignment.handed_until is None or assignment.handed_until <= now or assignment.reviewer_id is None:
        return ""
    until = f"{timezone.localtime(assignment.handed_until):%H:%M}"
    mine = assignment.reviewer_id == names.membership.user_id
    return f"{'yours' if mine else 'with ' + names[assignment.reviewer_id]} until {until}"


def _is_marked(assignment: Assignment) -> bool:
    return bool(assignment.flagged or assignment.data_verdict or assignment.gold_score is not None)


def _marks(assignment: Assignment) -> SafeString:
    """What people and figures say beside the answer: flagged, its worth as data, gold met."""
    marks = []
    if assignment.flagged:
        marks.append(_state("Flagged", "flag", "amber", "Somebody should look at it again"))
    if assignment.data_verdict:
        icon, colour = _DATA[assignment.data_verdict]
        marks.append(_state(assignment.get_data_verdict_display(), icon, colour, "As data, whatever is paid"))
    if assignment.gold_score is not None:
        colour = "grey" if assignment.gold_score == _PERCENT else "amber"
        marks.append(_state(f"gold {assignment.gold_score} %", "rosette-discount-check", colour, "Gold answers it met"))
    return format_html_join(" ", "{}", ((mark,) for mark in marks))


_PERCENT = 100
_DATA = {
    "usable": ("check", "grey"),
    "unusable": ("ban", "red"),
    "unsure": ("question-mark", "amber"),
    "corrected": ("pencil", "grey"),
}

# The characters `reverse` leaves as they are (RFC 3986: what a path segment may hold).
_SAFE = "/~:@!$&'()*+,;="


def thumbnail(answer: str, question: str, digest: bytes) -> SafeString:
    """An answer in small, drawn by its template; kept under its digest and its question's, since neither changes."""
    if len(answer) > _LONGEST_KEPT:
        return _drawn(answer, question)
    key = digest + _digest_of(answer)
    found = thumbnails.get(key)
    if found is None:
        found = _drawn(answer, question)
        if len(thumbnails) >= MOST_KEPT:
            thumbnails.clear()
        thumbnails[key] = found
    return found


def _digest_of(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).digest()


def _drawn(answer: str, question: str) -> SafeString:
    return render_to_string("answers/thumbnail.html", answer_thumbnail(read(answer, question)))


@lru_cache(maxsize=200)
def _state(word: str, icon: str, colour: str, title: str) -> SafeString:
    return render_to_string("includes/state.html", {"word": word, "icon": icon, "colour": colour, "title": title})
