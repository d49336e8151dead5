"""What a reviewer is told about a worker beside an answer. Every signal names what it is made of, with a link there."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, Q
from django.db.models.functions import TruncWeek
from django.utils import timezone

from dashboard.models import Account
from hits.models import NOTHING_TO_COMPARE, AnswerText, Assignment, AssignmentStatus
from workers.models import WorkerBatch

#: Characters from which on the same text twice says something.
TELLING = 20
WEEKS = 12
_TEXTS_LOOKED_AT, _MOST_PAIRS, _MOST_OTHERS = 200, 400, 10
_ANSWERS_LOOKED_AT, _TOGETHER = 40, timedelta(seconds=20)
#: Of the answers that were looked at, so many within seconds of the same other worker's are worth a look.
_OFTEN, _SHARE = 5, 0.25


@dataclass
class Pair:
    """An answer of this worker and one of another."""

    ours: Assignment
    theirs: Assignment
    what: str = ""


@dataclass
class Similar:
    """Another worker, and the pairs of answers for which we name them."""

    worker_id: str
    of: int = 0
    pairs: list[Pair] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len({pair.ours.pk for pair in self.pairs})


def again(assignment: Assignment, *, most: int = 10) -> list[AnswerText]:
    """The texts of an answer as others of the batch hold them, this worker's own included; one query."""
    texts = AnswerText.objects.filter(assignment=assignment.pk, size__gte=TELLING)
    rows = AnswerText.objects.filter(batch=assignment.batch_id, digest__in=texts.values("digest"), size__gte=TELLING)
    return list(
        rows.exclude(assignment=assignment.pk)
        .select_related("assignment")
        .only("field", "worker_id", "size", "assignment__assignment_id", "assignment__status")
        .order_by("-submitted_at")[:most]
    )


def same_texts(account: Account, worker_id: str) -> list[Similar]:
    """Who else gave word for word what this worker gave, in the batches of their latest work. Two queries."""
    batches = list(
        WorkerBatch.objects.filter(account=account, worker__worker_id=worker_id)
        .order_by("-last_at")
        .values_list("batch", flat=True)[:5]
    )
    mine = list(
        AnswerText.objects.filter(batch__in=batches, worker_id=worker_id, size__gte=TELLING)
        .select_related("assignment")
        .only("batch", "digest", "field", "assignment__assignment_id", "assignment__submitted_at")
        .order_by("-submitted_at")[:_TEXTS_LOOKED_AT]
    )
    by_digest = {(text.batch_id, text.digest): text for text in reversed(mine)}
    others = (
        AnswerText.objects.filter(batch__in=batches, digest__in=[text.digest for text in mine], size__gte=TELLING)
        .exclude(worker_id=worker_id)
        .select_related("assignment")
        .only("batch", "digest", "worker_id", "assignment__assignment_id", "assignment__submitted_at")
        .order_by("-submitted_at")[:_MOST_PAIRS]
    )
    found: dict[str, Similar] = {}
    for text in others:
        own = by_digest.get((text.batch_id, text.digest))
        if own is not None:
            similar = found.setdefault(text.worker_id, Similar(text.worker_id, of=len({t.assignment_id for t in mine})))
            similar.pairs.append(Pair(own.assignment, text.assignment, own.field))
    return _most_telling(found.values())


def same_moments(account: Account, worker_id: str) -> list[Similar]:
    """Who handed in within seconds of this worker, again and again; of the latest answers, in two queries."""
    mine = list(
        Assignment.objects.of(account)
        .filter(worker_id=worker_id)
        .only("assignment_id", "submitted_at", "batch")
        .order_by("-submitted_at")[:_ANSWERS_LOOKED_AT]
    )
    if len(mine) < _OFTEN:
        return []
    near = Q()
    for row in mine:
        near |= Q(submitted_at__range=(row.submitted_at - _TOGETHER, row.submitted_at + _TOGETHER), batch=row.batch_id)
    others = list(
        Assignment.objects.of(account)
        .filter(near)
        .exclude(worker_id=worker_id)
        .only("assignment_id", "submitted_at", "batch", "worker_id")
        .order_by("-submitted_at")[: 2 * _MOST_PAIRS]
    )
    found: dict[str, Similar] = {}
    for row in mine:
        seen = set()
        for other in others:
            close = other.batch_id == row.batch_id and abs(other.submitted_at - row.submitted_at) <= _TOGETHER
            if close and other.worker_id not in seen:
                seen.add(other.worker_id)
                seconds = int(abs((other.submitted_at - row.submitted_at).total_seconds()))
                similar = found.setdefault(other.worker_id, Similar(other.worker_id, of=len(mine)))
                similar.pairs.append(Pair(row, other, f"{seconds} s apart"))
    often = [each for each in found.values() if each.count >= _OFTEN and each.count >= _SHARE * len(mine)]
    return _most_telling(often)


def _most_telling(found: Iterable[Similar]) -> list[Similar]:
    return sorted(found, key=lambda similar: (-similar.count, similar.worker_id))[:_MOST_OTHERS]


def weeks(account: Account, worker_id: str) -> list[dict[str, Any]]:
    """The last weeks, oldest first, those without work included: answers, what became of them, agreement and gold."""
    this = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    monday = this - timedelta(days=this.weekday())
    first = monday - timedelta(weeks=WEEKS - 1)
    rows = (
        Assignment.objects.of(account)
        .filter(worker_id=worker_id, submitted_at__gte=first)
        .order_by()
        .annotate(week=TruncWeek("submitted_at"))
        .values("week")
        .annotate(
            answers=Count("pk"),
            approved=Count("pk", filter=Q(status=AssignmentStatus.APPROVED)),
            rejected=Count("pk", filter=Q(status=AssignmentStatus.REJECTED)),
            agreement=Avg("agreement", filter=Q(agreement__lt=NOTHING_TO_COMPARE)),
            gold=Avg("gold_score"),
        )
    )
    counted = {timezone.localtime(row["week"]).date(): row for row in rows}
    found = []
    for step in range(WEEKS):
        day = (monday - timedelta(weeks=WEEKS - 1 - step)).date()
        row = counted.get(day, {"answers": 0, "approved": 0, "rejected": 0, "agreement": None, "gold": None})
        found.append({**row, "day": day, "waiting": row["answers"] - row["approved"] - row["rejected"]})
    return found


def bars(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The weeks as a drawing: stacked bars of what was approved, waits, and was rejected."""
    width, height, slot = 320, 64, 320 / WEEKS
    peak = max((week["answers"] for week in found), default=0) or 1
    drawn = []
    for place, week in enumerate(found):
        y = float(height)
        for part in ("approved", "waiting", "rejected"):
            tall = height * week[part] / peak
            if tall:
                y -= tall
                drawn.append(
                    {
                        "part": part,
                        "x": f"{place * slot + 2:.1f}",
                        "y": f"{y:.1f}",
                        "width": f"{slot - 4:.1f}",
                        "height": f"{max(tall, 1):.1f}",
                        "title": f"Week of {week['day']:%-d %b}: {week['approved']} approved, "
                        f"{week['rejected']} rejected, {week['waiting']} waiting",
                    }
                )
    return {"width": width, "height": height, "parts": drawn, "total": sum(week["answers"] for week in found)}
