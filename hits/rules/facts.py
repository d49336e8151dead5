"""What looks need to know beside the answer itself, for a whole chunk of answers in a bounded number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from django.db.models import Avg, Count, OuterRef, Q, Subquery, Window
from django.db.models.functions import RowNumber

from hits.models import HIT, AnswerText, Assignment, GoldAnswer, Rule
from hits.rules.reading import field_of, meets, said

#: Of so many answers a median means something; and of no more than so many it is taken.
LEAST_TIMES, MOST_TIMES = 5, 201
#: Of a HIT that more than this many do, its first so many answers make the majority: one more of thousands costs the
#: same as one more of a hundred.
MOST_TO_COMPARE = 100


@dataclass(frozen=True, slots=True)
class Score:
    """How an answer met its HIT's gold: `missed` holds the fields with what would have been right."""

    met: int
    total: int
    missed: tuple[tuple[str, list[Any]], ...] = ()

    @property
    def percent(self) -> int:
        return self.met * 100 // self.total


@dataclass(frozen=True, slots=True)
class Record:
    """What a worker made of the gold of a batch: in how many tasks, and the mean of their scores."""

    answers: int
    mean: float


@dataclass(frozen=True, slots=True)
class Text:
    """A text of an answer; `own` and `other` are earlier answers (keys) that hold the same one in the same field."""

    field: str
    size: int
    own: int | None = None
    other: int | None = None
    other_worker: str = ""


@dataclass
class Facts:
    """By key of the assignment, the HIT or the batch."""

    scores: dict[int, Score] = field(default_factory=dict)
    records: dict[tuple[int, str], Record] = field(default_factory=dict)
    of_hit: dict[int, list[Assignment]] = field(default_factory=dict)
    medians: dict[int, int] = field(default_factory=dict)
    texts: dict[int, list[Text]] = field(default_factory=dict)


def collect(rules: Iterable[Rule], rows: list[Assignment]) -> Facts:
    """What these rules need to know to judge these rows."""
    facts = Facts()
    by_look: dict[str, list[Rule]] = {}
    for rule in rules:
        by_look.setdefault(rule.look, []).append(rule)

    def of(*looks: Rule.Look) -> list[Assignment]:
        batches = {rule.batch_id for look in looks for rule in by_look.get(look, [])}
        return [row for row in rows if row.batch_id in batches]

    if gold := of(Rule.Look.GOLD):
        facts.scores = scores(gold)
        if any(rule.settings.get("of") == "worker" for rule in by_look[Rule.Look.GOLD]):
            facts.records = records(gold)
    if compared := of(Rule.Look.PLURALITY):
        facts.of_hit = of_hits(compared)
    if timed := of(Rule.Look.TIME):
        facts.medians = medians(timed[0].account_id, {row.batch_id for row in timed})
    if texts := of(Rule.Look.DUPLICATE, Rule.Look.CODE):
        facts.texts = repeated(texts)
    return facts


def gold_of(hits: Iterable[int]) -> dict[int, dict[str, list[Any]]]:
    """HIT -> field -> the values any of which is right."""
    found: dict[int, dict[str, list[Any]]] = {}
    for hit, name, accepted in GoldAnswer.objects.filter(hit__in=set(hits)).values_list("hit_id", "field", "accepted"):
        found.setdefault(hit, {})[name] = accepted if isinstance(accepted, list) else [accepted]
    return found


def scores(rows: list[Assignment]) -> dict[int, Score]:
    """How each answer met the gold of its HIT; those of HITs without gold are not in it."""
    gold = gold_of(row.hit_id for row in rows)
    found = {}
    for row in rows:
        wanted = gold.get(row.hit_id)
        if wanted:
            answer = said(row)
            missed = tuple(
                (name, accepted)
                for name, accepted in wanted.items()
                if not any(meets(field_of(answer, name), one) for one in accepted)
            )
            found[row.pk] = Score(len(wanted) - len(missed), len(wanted), missed)
    return found


def records(rows: list[Assignment]) -> dict[tuple[int, str], Record]:
    """By batch and worker, from the scores that the digest keeps."""
    if not rows:
        return {}
    scored = (
        Assignment.objects.filter(
            account=rows[0].account_id,
            worker_id__in={row.worker_id for row in rows},
            batch__in={row.batch_id for row in rows},
            gold_score__isnull=False,
        )
        .order_by()
        .values_list("batch_id", "worker_id")
        .annotate(answers=Count("pk"), mean=Avg("gold_score"))
    )
    return {(batch, worker): Record(answers, mean) for batch, worker, answers, mean in scored}


def of_hits(rows: list[Assignment]) -> dict[int, list[Assignment]]:
    """The answers that make the majority of each of these rows' HITs; those of `rows` are the very objects."""
    known = {row.pk: row for row in rows}
    found: dict[int, list[Assignment]] = {}
    for row in making_majority({row.hit_id: row.hit for row in rows}):
        found.setdefault(row.hit_id, []).append(known.get(row.pk, row))
    return found


def making_majority(hits: dict[int, HIT]) -> list[Assignment]:
    """All answers to HITs that few do, and the first ones of the others, in their order."""
    small = [pk for pk, hit in hits.items() if hit.max_assignments <= MOST_TO_COMPARE]
    rows = list(Assignment.objects.filter(hit__in=small).defer("raw")) if small else []
    if large := hits.keys() - set(small):
        place = Window(RowNumber(), partition_by="hit_id", order_by="pk")
        first = Assignment.objects.filter(hit__in=large).annotate(place=place).filter(place__lte=MOST_TO_COMPARE)
        rows += Assignment.objects.filter(pk__in=first.values("pk")).defer("raw")
    for row in rows:
        row.hit = hits[row.hit_id]
    return sorted(rows, key=lambda row: row.pk)


def medians(account: int, batches: set[int]) -> dict[int, int]:
    """Seconds by batch, from its latest answers; those with too few are not in it."""
    found = {}
    for batch in batches:
        # The account is named for the index's sake.
        rows = Assignment.objects.filter(account=account, batch=batch).exclude(accepted_at=None)
        times = rows.order_by("-submitted_at", "-pk").only("accepted_at", "submitted_at")[:MOST_TIMES]
        took = [row.work_seconds or 0 for row in times]
        if len(took) >= LEAST_TIMES:
            found[batch] = int(median(took))
    return found


def repeated(rows: list[Assignment]) -> dict[int, list[Text]]:
    """The texts of these answers, and which answer before had the same: one query, each text found by its digest."""
    earlier = AnswerText.objects.filter(
        Q(submitted_at__lt=OuterRef("submitted_at"))
        | Q(submitted_at=OuterRef("submitted_at"), assignment__lt=OuterRef("assignment")),
        batch=OuterRef("batch"),
        digest=OuterRef("digest"),
        # Says the same as the two above; an index can begin at it.
        submitted_at__lte=OuterRef("submitted_at"),
    ).order_by("submitted_at", "assignment")
    others = earlier.exclude(worker_id=OuterRef("worker_id"))
    texts = AnswerText.objects.filter(assignment__in=[row.pk for row in rows]).annotate(
        own=Subquery(earlier.filter(worker_id=OuterRef("worker_id")).values("assignment")[:1]),
        other=Subquery(others.values("assignment")[:1]),
        other_worker=Subquery(others.values("worker_id")[:1]),
    )
    found: dict[int, list[Text]] = {}
    for row, name, size, own, other, worker in texts.order_by("pk").values_list(
        "assignment_id", "field", "size", "own", "other", "other_worker"
    ):
        found.setdefault(row, []).append(Text(name, size, own, other, worker or ""))
    return found
