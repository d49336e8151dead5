"""How far each assignment agrees with the others of its HIT, kept beside it so that the queue can be sorted by it."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.db.models import Window
from django.db.models.functions import RowNumber

from dashboard.models import Account
from hits.answers.agreement import MOST_ANSWERS, against, agree, free_text
from hits.answers.values import values
from hits.models import HIT, NOTHING_TO_COMPARE, Assignment, HITInput

_FEW = 8


def read(account: Account, rows: list[Assignment]) -> None:
    """Bring the agreement of all assignments up to date whose HIT got a new answer (hits.digest).

    A dozen statements at most, whatever their number. Of a HIT with more than MOST_ANSWERS answers the further ones are
    compared with as many of its first and leave the others alone: cost grows with what is new only.
    """
    fresh = [row for row in rows if not row.counted and row.hit.max_assignments > 1]
    hits = {row.hit_id: row.hit for row in fresh}
    if not hits:
        return
    inputs = inputs_of(hits)
    new = {key: [row for row in fresh if row.hit_id == key] for key in hits}
    changed: dict[int, int] = {}
    for hit_id, group in groupby(first_answers(hits, MOST_ANSWERS), key=lambda found: found[1]):
        changed |= _of_hit(hits[hit_id], list(group), new[hit_id], inputs.get(hit_id, {}))
    _write(changed)
    for row in rows:
        row.agreement = changed.get(row.pk, row.agreement)


def _write(changed: dict[int, int]) -> None:
    alike: dict[int, list[int]] = {}
    for pk, percent in changed.items():
        alike.setdefault(percent, []).append(pk)
    if len(alike) <= _FEW:  # as good as always, and then far quicker than a CASE for each row
        for percent, keys in alike.items():
            Assignment.objects.filter(pk__in=keys).update(agreement=percent)
    else:
        wanted = [Assignment(pk=pk, agreement=percent) for pk, percent in changed.items()]
        Assignment.objects.bulk_update(wanted, ["agreement"], batch_size=500)


def first_answers(hits: Iterable[int], most: int) -> Iterable[tuple[int, int, int, str]]:
    """(pk, HIT's pk, agreement, answer) of the first `most` assignments of each HIT, HIT by HIT, in one statement."""
    place = Window(RowNumber(), partition_by="hit_id", order_by="pk")
    first = Assignment.objects.filter(hit__in=hits).annotate(place=place).filter(place__lte=most)
    found = Assignment.objects.filter(pk__in=first.values("pk")).order_by("hit_id", "pk")
    return found.values_list("pk", "hit_id", "agreement", "answer").iterator(chunk_size=200)


def inputs_of(hits: Iterable[int]) -> dict[int, dict[str, Any]]:
    """HIT's pk -> the row of the input file it was made from, where that is known."""
    return HITInput.objects.of(hits)


def _of_hit(
    hit: HIT, found: list[tuple[int, int, int, str]], new: list[Assignment], inputs: dict[str, Any]
) -> dict[int, int]:
    """Primary key -> agreement, of those whose agreement is another now."""
    free = free_text(hit.question)
    said = [values(answer, hit.question, inputs) for *_, answer in found]
    changed = {}
    whole = agree(said, free)
    for (pk, _, before, _), percent in zip(found, whole.percents, strict=True):
        now = NOTHING_TO_COMPARE if percent is None else percent
        if now != before:
            changed[pk] = now
    among = {pk for pk, *_ in found}
    for row in new:
        if row.pk not in among:
            percent = against(values(row.answer, hit.question, inputs), said, free)
            changed[row.pk] = NOTHING_TO_COMPARE if percent is None else percent
    return changed
