"""Who belongs to which panel: judged worker by worker from figures that are kept anyway, so that it costs the same
however much work there is. In a handful of statements for many workers and all panels together.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from dashboard.models import Account
from hits.models import Batch
from qualifications.conditions import Evidence, Facts, asks, batches_in, judge, types_in
from qualifications.models import Panel, PanelMember, QualificationType, Score
from workers.models import NEVER_SEEN, SoftBlock, Worker, WorkerBatch

_PIN = PanelMember.Pinned


def facts_of(account: Account, worker_ids: Iterable[str], conditions: Sequence[Any]) -> dict[str, Facts]:
    """What is known of these workers, as far as the conditions ask for it. Four statements at most."""
    found = {worker_id: Facts(worker_id) for worker_id in worker_ids}
    keys: dict[int, str] = {}
    people = Worker.objects.of(account).filter(worker_id__in=found)
    row: Any
    for row in people.values_list(
        "pk", "worker_id", "answers", "approved", "rejected", "gold_sum", "gold_count", "agreement_sum",
        "agreement_count", "last_at",
    ):  # fmt: skip
        pk, worker_id, *figures, last_at = row
        facts = found[worker_id]
        keys[pk] = worker_id
        (
            facts.answers, facts.approved, facts.rejected, facts.gold_sum, facts.gold_count, facts.agreement_sum,
            facts.agreement_count,
        ) = figures  # fmt: skip
        facts.last_at = last_at if last_at > NEVER_SEEN else None
    if batches := batches_in([each for each in conditions if each["look"] == "batches"]):
        rows = WorkerBatch.objects.filter(worker__in=keys, batch__in=batches)
        done: Any = rows.values_list("worker", "batch", "first_at", "submitted", "approved", "rejected")
        for pk, batch, first_at, *counts in done:
            found[keys[pk]].batches[batch] = (first_at, sum(counts))
    if types := types_in(conditions):
        held = Score.objects.of(account).granted().filter(worker_id__in=found)
        held = held.filter(qualification_type__qualification_type_id__in=types)
        for holder, type_id, value in held.values_list(
            "worker_id", "qualification_type__qualification_type_id", "value"
        ):
            found[holder].held[type_id] = value
    if asks(conditions, "blocked"):
        blocks = SoftBlock.objects.of(account).standing().filter(worker_id__in=found, hit_type=None)
        for worker_id, batch in blocks.values_list("worker_id", "batch"):
            found[worker_id].blocked.add(batch)
    return found


def names_of(account: Account, conditions: Sequence[Any]) -> dict[Any, str]:
    """What the batches and types in conditions are called, by their keys and ids."""
    names: dict[Any, str] = {}
    if batches := batches_in(conditions):
        rows = Batch.objects.filter(account=account, pk__in=batches)
        names |= {row.pk: str(row) for row in rows.only("name", "key")}
    if types := types_in(conditions):
        kinds = QualificationType.objects.of(account).filter(qualification_type_id__in=types)
        names |= dict(kinds.values_list("qualification_type_id", "name"))
    return names


def all_conditions(panels: Iterable[Panel]) -> list[Any]:
    return [condition for panel in panels for condition in panel.conditions]


@transaction.atomic
def look_at(account: Account, panels: Sequence[Panel], worker_ids: Iterable[str]) -> dict[int, dict[str, datetime]]:
    """Put these workers into the panels they belong to by now, and out of the others.

    Returns who has become a member, with the moment from which it was so: key of the panel -> worker -> moment.
    MTurk is told later (panel_upkeep): the rows say what it has to be told.
    """
    names_asked = sorted(set(worker_ids))
    if not panels or not names_asked:
        return {}
    # One at a time for each panel, in one order: two workers would else both make a row.
    list(Panel.objects.select_for_update(of=("self",)).filter(pk__in=[panel.pk for panel in panels]).order_by("pk"))
    conditions, now = all_conditions(panels), timezone.now()
    facts, names = facts_of(account, names_asked, conditions), names_of(account, conditions)
    rows = PanelMember.objects.filter(panel__in=panels, worker_id__in=names_asked)
    known = {(row.panel_id, row.worker_id): row for row in rows}
    new, changed = [], []
    begun: dict[int, dict[str, datetime]] = {}
    for panel in panels:
        for worker_id in names_asked:
            met = judge(panel.match, panel.conditions, facts[worker_id], names, now)
            row = known.get((panel.pk, worker_id))
            if row is None:
                if met is None:
                    continue
                row = PanelMember(panel=panel, worker_id=worker_id)
                new.append(row)
            elif _is_as(row, met):
                continue
            else:
                changed.append(row)
            was = row.wanted
            _take(row, met, now)
            if row.wanted and not was and row.since is not None:
                begun.setdefault(panel.pk, {})[worker_id] = row.since
    PanelMember.objects.bulk_create(new, batch_size=500)
    PanelMember.objects.bulk_update(changed, ["wanted", "why", "since", "until"], batch_size=200)
    return begun


def _is_as(row: PanelMember, met: Evidence | None) -> bool:
    """Whether the row says all of this already."""
    if row.pinned == _PIN.IN:
        return row.wanted
    if row.pinned == _PIN.OUT:
        return not row.wanted
    return row.wanted == (met is not None) and (met is None or row.why == met.words[:400])


def _take(row: PanelMember, met: Evidence | None, now: datetime) -> None:
    wanted = row.pinned == _PIN.IN or (row.pinned != _PIN.OUT and met is not None)
    if wanted and not row.wanted:
        # A panel cannot have kept out anybody before it was there.
        since = met.since if met is not None and met.since is not None else now
        row.since, row.until = max(since, row.panel.made_at), None
    elif row.wanted and not wanted:
        row.until = now
    row.wanted = wanted
    if met is not None and row.pinned == _PIN.NO:
        row.why = met.words[:400]
