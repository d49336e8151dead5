"""Keeping panels up to date: what a worker process does for an account every few seconds.

    something changed -> PanelDue -> look_at -> PanelMember says who belongs -> MTurk is told
    a new panel, or other conditions -> everybody is looked at once, in chunks

Whatever dies in between, the rows say what is left to do.
"""

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dashboard import audit, jobs
from dashboard.commands import Kind, ask, wake
from dashboard.models import OPEN_STATES, Account, Command, JobState, Role, State, User
from dashboard.permissions import Denied, check_role
from qualifications.actions.members import all_conditions, look_at
from qualifications.actions.slipped import mark_accepted_since
from qualifications.commands.scores import AssociateQualificationWithWorker, DisassociateQualificationFromWorker
from qualifications.conditions import asks, types_in
from qualifications.jobs.panels import grant_params, revoke_params
from qualifications.models import (
    Panel,
    PanelDue,
    PanelMember,
    PanelState,
    QualificationType,
    Score,
    Upkeep,
    score_key,
)
from workers.models import SoftBlock, Worker

#: Workers looked at in one transaction; on SQLite nobody else writes meanwhile.
CHUNK = 200
#: Seconds one call goes on; the next tick goes on with the rest.
PATIENCE = 20.0
#: So many are told one by one; more become a job, which people can watch and stop.
FEW = 25
#: Clocks of several machines, and transactions that end after their rows were dated.
OVERLAP = timedelta(minutes=1)
ROUND_EVERY, ROUND_CHUNK = timedelta(minutes=1), 500
PHASES = ("workers", "holders", "blocked", "members")


def check_can_keep(by: User, account: Account) -> None:
    check_role(by, account, Role.APPROVER, "keep panels")


def accounts_with_panels() -> list[int]:
    rows = Panel.objects.exclude(state__in=[PanelState.GONE, PanelState.PAUSED])
    due = PanelDue.objects.order_by().values_list("account", flat=True)
    return sorted({*rows.order_by().values_list("account", flat=True).distinct(), *due.distinct()})


def keep_up(account_id: int, *, patience: float = PATIENCE) -> None:
    account = Account.objects.get(pk=account_id)
    end = time.monotonic() + patience
    for panel in Panel.objects.of(account).filter(state__in=[PanelState.STARTING, PanelState.DELETING]):
        _follow(panel)
    _note_time(account)
    _note_round(account)
    while _look_at_some(account) and time.monotonic() < end:
        pass
    for panel in Panel.objects.of(account).filter(state=PanelState.FILLING):
        panel.account = account
        while _fill_some(panel) and time.monotonic() < end:
            pass
    telling = Panel.objects.of(account).filter(state__in=[PanelState.FILLING, PanelState.ON])
    for panel in telling.select_related("qualification_type", "job", "made_by", "account"):
        _tell(panel)


# --- its qualification ----------------------------------------------------------------------------------------------


@transaction.atomic
def _follow(panel: Panel) -> None:
    """What became of the command that makes, or deletes, the panel's qualification."""
    panel = Panel.objects.select_for_update(of=("self",)).select_related("command").get(pk=panel.pk)
    command = panel.command
    if command is None or command.state in OPEN_STATES:
        return
    if panel.state == PanelState.STARTING:
        made = QualificationType.objects.filter(account=panel.account_id, command=command, purpose="panel").first()
        if command.state == State.DONE and made is not None:
            panel.qualification_type, panel.problem = made, ""
            begin_filling(panel)
        else:
            panel.state = PanelState.PAUSED
            panel.problem = _sentence(command, "Its qualification was not made")
    elif panel.state == PanelState.DELETING:
        if command.state == State.DONE:
            panel.state, panel.problem = PanelState.GONE, ""
        else:
            panel.state = PanelState.PAUSED
            panel.problem = _sentence(command, "Its qualification was not deleted")
    panel.save()


def _sentence(command: Command, what: str) -> str:
    return f"{what}: {command.error_message or command.state_label}."[:400].replace("..", ".")


def begin_filling(panel: Panel) -> None:
    """Everybody is looked at once more. The caller saves."""
    panel.state, panel.phase, panel.cursor, panel.looked_at = PanelState.FILLING, PHASES[0], 0, 0
    panel.to_look_at = Worker.objects.of(panel.account).count()
    panel.checked_at = timezone.now() - OVERLAP


# --- who is to be looked at -----------------------------------------------------------------------------------------


def add_due(account: Account, worker_ids: Iterable[str]) -> None:
    rows = [PanelDue(account=account, worker_id=worker_id) for worker_id in worker_ids]
    PanelDue.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


@transaction.atomic
def _note_time(account: Account) -> None:
    """Whom time alone has changed since the last look, and whose soft block came or went."""
    panels = list(Panel.objects.select_for_update(of=("self",)).filter(account=account, state=PanelState.ON))
    now = timezone.now()
    moved = [panel for panel in panels if asks(panel.conditions, "recent", "blocked")]
    if not moved:
        return
    since = min(panel.checked_at for panel in moved)
    conditions = all_conditions(moved)
    for days in {condition["days"] for condition in conditions if condition["look"] == "recent"}:
        span = timedelta(days=days)
        crossed = Worker.objects.of(account).filter(last_at__gt=since - span, last_at__lte=now - span)
        add_due(account, crossed.values_list("worker_id", flat=True).iterator(chunk_size=1000))
    if asks(conditions, "blocked"):
        came_or_went = Q(made_at__gt=since - OVERLAP) | Q(lifted_at__gt=since - OVERLAP)
        blocks = SoftBlock.objects.of(account).filter(came_or_went).order_by()
        add_due(account, blocks.values_list("worker_id", flat=True).distinct())
    Panel.objects.filter(pk__in=[panel.pk for panel in moved]).update(checked_at=now)


@transaction.atomic
def _note_round(account: Account) -> None:
    """The slow round: a slice of all workers each minute, for what no event tells of."""
    if not Panel.objects.of(account).filter(state=PanelState.ON).exists():
        return
    upkeep, _ = Upkeep.objects.select_for_update().get_or_create(account=account)
    now = timezone.now()
    if upkeep.at > now - ROUND_EVERY:
        return
    slice_ = Worker.objects.of(account).filter(pk__gt=upkeep.cursor).order_by("pk").values_list("pk", "worker_id")
    rows = list(slice_[:ROUND_CHUNK])
    add_due(account, [worker_id for _, worker_id in rows])
    upkeep.cursor, upkeep.at = (rows[-1][0] if len(rows) == ROUND_CHUNK else 0), now
    upkeep.save()


@transaction.atomic
def _look_at_some(account: Account) -> bool:
    """One chunk of those of whom something changed; False where nobody is left."""
    rows = PanelDue.objects.filter(account=account).order_by("pk")
    found = dict(rows.select_for_update(skip_locked=True).values_list("pk", "worker_id")[:CHUNK])
    if not found:
        return False
    panels = list(Panel.objects.of(account).watching().select_related("qualification_type"))
    _look(account, panels, found.values())
    PanelDue.objects.filter(pk__in=found).delete()
    return len(found) == CHUNK


def _look(account: Account, panels: list[Panel], worker_ids: Iterable[str]) -> None:
    begun = look_at(account, panels, worker_ids)
    for panel in panels:
        if panel.pk in begun and panel.meaning == Panel.Meaning.EXCLUDE:
            mark_accepted_since(panel, begun[panel.pk])


@transaction.atomic
def _fill_some(panel: Panel) -> bool:
    """One chunk of everybody who may belong; False where the panel is filled, or no longer to be."""
    account = panel.account
    now_there = Panel.objects.select_for_update(of=("self",)).select_related("qualification_type")
    panel = now_there.get(pk=panel.pk)
    if panel.state != PanelState.FILLING:
        return False
    rows: Any
    if panel.phase == "workers":
        rows = Worker.objects.of(account)
    elif panel.phase == "holders":
        asked = types_in(panel.conditions)
        rows = Score.objects.of(account).granted().filter(qualification_type__qualification_type_id__in=asked)
    elif panel.phase == "blocked":
        rows = SoftBlock.objects.of(account).standing()
    else:
        rows = PanelMember.objects.filter(panel=panel)
    found = list(rows.filter(pk__gt=panel.cursor).order_by("pk").values_list("pk", "worker_id")[:CHUNK])
    _look(account, [panel], [worker_id for _, worker_id in found])
    if panel.phase == "workers":
        panel.looked_at += len(found)
    if len(found) == CHUNK:
        panel.cursor = found[-1][0]
    else:
        place = PHASES.index(panel.phase) + 1
        panel.phase, panel.cursor = (PHASES[place] if place < len(PHASES) else ""), 0
        if not panel.phase:
            panel.state = PanelState.ON
    panel.save(update_fields=["looked_at", "cursor", "phase", "state"])
    return panel.state == PanelState.FILLING


# --- MTurk is told --------------------------------------------------------------------------------------------------


@transaction.atomic
def _tell(panel: Panel) -> None:
    """A few by single commands, many by a job. A job that is being prepared has its members already."""
    if panel.qualification_type is None or (panel.job is not None and panel.job.state == JobState.PREPARING):
        return
    # Nobody else tells MTurk of the same panel meanwhile.
    Panel.objects.select_for_update(of=("self",)).get(pk=panel.pk)
    telling: list[tuple[str, Any, type[Kind], Any]] = [
        ("panel_grant", panel.members.to_grant(), AssociateQualificationWithWorker, grant_params),
        ("panel_revoke", panel.members.to_revoke(), DisassociateQualificationFromWorker, revoke_params),
    ]
    for bulk, members, kind, params in telling:
        due = list(members.order_by("pk")[: FEW + 1])
        if not due:
            continue
        try:
            check_can_keep(panel.made_by, panel.account)
            if len(due) > FEW:
                panel.job = jobs.ask(
                    bulk, account=panel.account, by=panel.made_by, selection={"panel": panel.pk}, options={}
                )
                panel.save(update_fields=["job"])
                return  # the other way, where there is one, when this is prepared
            for member in due:
                member.panel = panel
                _tell_one(panel, member, kind, params(member))
        except Denied as reason:
            panel.state, panel.problem = PanelState.PAUSED, f"{panel.made_by} cannot keep it: {reason}"[:400]
            panel.save(update_fields=["state", "problem"])
            audit.record(
                "panel.stopped", account=panel.account, by=audit.SYSTEM, subject=str(panel.pk), text=str(reason)
            )
            return


def _tell_one(panel: Panel, member: PanelMember, kind: type[Kind], params: dict[str, Any]) -> None:
    try:
        with transaction.atomic():
            member.command = ask(
                kind, account=panel.account, by=panel.made_by, params=params, worker_id=member.worker_id,
                note=f"Panel “{panel.name}”", exclusive_key=score_key(params["QualificationTypeId"], member.worker_id),
            )  # fmt: skip
            member.save(update_fields=["command"])
    except Denied:
        return  # somebody changes it just now; the next tick looks again
    wake(panel.account)
