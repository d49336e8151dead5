"""Notes and tags: what a team knows of a worker and no endpoint ever sees."""

import re
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from dashboard import audit
from dashboard.models import Account, Role, User
from dashboard.permissions import Denied, check_role
from workers.models import TAG_LONGEST, Worker, WorkerNote, WorkerTag

NOTE_LONGEST = 2000
#: Workers that one action of a page changes; it is one transaction.
MOST_AT_ONCE = 10_000
#: What MTurk takes for a worker's id (botocore: CustomerId).
WORKER_ID = re.compile(r"A[A-Z0-9]{1,63}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def check_worker_id(text: str) -> str:
    """An id as MTurk writes it; Denied where it can be none."""
    worker_id = text.strip().upper()
    if not WORKER_ID.fullmatch(worker_id):
        raise Denied(f"“{text.strip()[:40]}” is no worker id: those begin with A and hold capitals and digits only.")
    return worker_id


def plain_text(text: str, *, most: int, what: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if _CONTROL.search(text):
        raise Denied(f"The {what} contains control characters. Type it again, or paste it as plain text.")
    if len(text) > most:
        raise Denied(f"The {what} has {len(text):,} characters; {most:,} is the most.")
    return text


@transaction.atomic
def add_note(*, account: Account, worker_id: str, by: User, text: str) -> WorkerNote:
    """Write something down about a worker for the team."""
    check_role(by, account, Role.REVIEWER, "write notes about workers")
    text = plain_text(text, most=NOTE_LONGEST, what="note")
    if not text:
        raise Denied("Write the note first.")
    worker_id = check_worker_id(worker_id)
    Worker.objects.make_known(account, [worker_id])
    note = WorkerNote.objects.create(account=account, worker_id=worker_id, text=text, made_by=by)
    count_notes(account, [worker_id])
    audit.record("worker.noted", account=account, by=by, subject=worker_id, text=text)
    return note


def count_notes(account: Account, worker_ids: Iterable[str]) -> None:
    """Worker.note_count, after notes were written or taken away."""
    notes = (
        WorkerNote.objects.filter(account=OuterRef("account"), worker_id=OuterRef("worker_id"))
        .order_by()
        .values("worker_id")
        .annotate(count=Count("pk"))
        .values("count")
    )
    Worker.objects.filter(account=account, worker_id__in=worker_ids).update(note_count=Coalesce(Subquery(notes), 0))


def check_tag(text: str) -> str:
    """A tag as it is kept: one blank between words, small letters, so that two spellings are one tag."""
    tag = " ".join(plain_text(text, most=200, what="tag").split()).lower()
    if not tag:
        raise Denied("Write the tag first.")
    if len(tag) > TAG_LONGEST:
        raise Denied(f"A tag has {TAG_LONGEST} characters at most.")
    return tag


@transaction.atomic
def tag(*, account: Account, worker_ids: Iterable[str], by: User, name: str) -> int:
    """Put a tag on workers; how many did not have it."""
    check_role(by, account, Role.REVIEWER, "tag workers")
    name = check_tag(name)
    people = Worker.objects.make_known(account, [check_worker_id(each) for each in worker_ids])
    have: set[Any] = set(
        WorkerTag.objects.filter(worker__in=[each.pk for each in people.values()], name=name).values_list(
            "worker", flat=True
        )
    )
    new = [each for each in people.values() if each.pk not in have]
    WorkerTag.objects.bulk_create(
        [WorkerTag(account=account, worker=each, name=name, made_by=by) for each in new], ignore_conflicts=True
    )
    tell("worker.tagged", account, by, [each.worker_id for each in new], name)
    return len(new)


@transaction.atomic
def untag(*, account: Account, worker_ids: Iterable[str], by: User, name: str) -> int:
    """Take a tag off workers; how many had it."""
    check_role(by, account, Role.REVIEWER, "tag workers")
    rows = WorkerTag.objects.filter(account=account, name=check_tag(name), worker__worker_id__in=list(worker_ids))
    had = list(rows.values_list("worker__worker_id", flat=True))
    rows.delete()
    tell("worker.untagged", account, by, had, check_tag(name))
    return len(had)


def tell(kind: str, account: Account, by: User, worker_ids: list[str], text: str, **data: Any) -> None:
    """One line of the audit for each of few, one for all of many."""
    if len(worker_ids) > 20:
        audit.record(kind, account=account, by=by, text=text, data={**data, "workers": worker_ids})
        return
    audit.record_many(
        account,
        [
            {"kind": kind, "actor": by.get_username(), "subject": worker_id, "text": text, "data": data}
            for worker_id in worker_ids
        ],
    )


def ids_of(account: Account, selection: dict[str, Any]) -> list[str]:
    """The workers of a selection for one transaction; Denied where they are none, or too many for it."""
    rows = Worker.objects.of(account).selected(selection).order_by("pk")
    found = list(rows.values_list("worker_id", flat=True)[: MOST_AT_ONCE + 1])
    if not found:
        raise Denied("No worker of this account matches.")
    if len(found) > MOST_AT_ONCE:
        raise Denied(f"These are more than {MOST_AT_ONCE:,} workers. Narrow the selection with a filter.")
    return found
