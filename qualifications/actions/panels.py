"""What people do with panels: make one, change it, put workers in or out by hand, pause it, delete it."""

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from dashboard import audit
from dashboard.models import Account, User
from dashboard.permissions import Denied
from qualifications.actions.members import facts_of, names_of
from qualifications.actions.panel_upkeep import add_due, begin_filling, check_can_keep
from qualifications.actions.types import Wish, create_type, delete_type
from qualifications.conditions import judge, types_in
from qualifications.models import Panel, PanelMember, PanelState, QualificationType
from qualifications.worker_csv import worker_id_of, worker_id_problem
from workers.models import Worker

MOST_CONDITIONS = 10
#: Workers looked at for a preview; of more, the rest is estimated.
PREVIEWED = 20_000
_CHUNK = 2_000
#: Workers see the name of a qualification and this; neither says what a team thinks of them.
DESCRIPTION = (
    "Used by this requester to decide which tasks are shown to whom. It is given without being asked for; requests "
    "for it are not answered."
)


@dataclass
class Preview:
    """How many would belong. `of`: workers looked at; `all`: workers there are; where they differ it is an estimate."""

    members: int = 0
    of: int = 0
    all: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)

    @property
    def estimated(self) -> int:
        return round(self.members * self.all / self.of) if self.of else 0


def preview(account: Account, match: str, conditions: list[Any]) -> Preview:
    """How many of the workers who worked here would belong now. Reads at most PREVIEWED of them, the latest."""
    found = Preview(all=Worker.objects.of(account).count())
    if not conditions:
        return found
    names, now, cursor = names_of(account, conditions), timezone.now(), None
    while found.of < PREVIEWED:
        rows = Worker.objects.of(account).order_by("-pk")
        if cursor is not None:
            rows = rows.filter(pk__lt=cursor)
        chunk = list(rows.values_list("pk", "worker_id")[:_CHUNK])
        if not chunk:
            break
        cursor = chunk[-1][0]
        facts = facts_of(account, [worker_id for _, worker_id in chunk], conditions)
        found.of += len(chunk)
        for worker_id, known in facts.items():
            met = judge(match, conditions, known, names, now)
            if met is not None:
                found.members += 1
                if len(found.examples) < 5:
                    found.examples.append((worker_id, met.words))
    return found


def _check(account: Account, name: str, conditions: list[Any], but: Panel | None = None) -> str:
    """The name as it is kept; Denied where the panel cannot be so."""
    name = " ".join(name.split())[:100]
    if not name:
        raise Denied("Give the panel a name.")
    same = Panel.objects.of(account).present().filter(name__iexact=name)
    if but is not None:
        same = same.exclude(pk=but.pk)
    if same.exists():
        raise Denied(f"There is a panel “{name}” already. Choose another name.")
    if len(conditions) > MOST_CONDITIONS:
        raise Denied(f"{MOST_CONDITIONS} conditions are the most.")
    asked = QualificationType.objects.of(account).filter(qualification_type_id__in=types_in(conditions))
    if asked.filter(purpose="panel").exists():
        raise Denied("A panel cannot ask for another panel: use the conditions of that one.")
    return name


@transaction.atomic
def create(
    *, account: Account, by: User, name: str, meaning: str, match: str, conditions: list[Any],
    form_key: uuid.UUID | None = None,
) -> Panel:  # fmt: skip
    """A new panel with a qualification of its own; it is filled as soon as that exists."""
    check_can_keep(by, account)
    if form_key is not None and (earlier := Panel.objects.filter(account=account, command__form_key=form_key).first()):
        its = (earlier.made_by_id, earlier.name, earlier.meaning, earlier.match, earlier.conditions)
        if its != (by.pk, " ".join(name.split())[:100], meaning, match, conditions):
            raise Denied(f"This form was sent before, and made “{earlier.name}”. Open it again and fill it in anew.")
        return earlier
    name = _check(account, name, conditions)
    # What workers may see of it tells them nothing.
    wish = Wish(name=f"Group {secrets.token_hex(4).upper()}", description=DESCRIPTION)
    kind = create_type(account=account, by=by, wish=wish, form_key=form_key, purpose="panel")
    if form_key is not None and (first := Panel.objects.filter(account=account, command=kind.command).first()):
        return first
    try:
        with transaction.atomic():
            panel = Panel.objects.create(
                account=account, name=name, meaning=meaning, match=match, conditions=conditions, made_by=by,
                command=kind.command,
            )  # fmt: skip
    except IntegrityError:
        raise Denied(f"There is a panel “{name}” already. Choose another name.") from None
    _record("made", panel, by)
    return panel


@transaction.atomic
def change(*, panel: Panel, by: User, name: str, meaning: str, match: str, conditions: list[Any]) -> Panel:
    """Other conditions: everybody is looked at once more, and MTurk is told what differs."""
    check_can_keep(by, panel.account)
    panel = _locked(panel)
    name = _check(panel.account, name, conditions, but=panel)
    differs = (panel.match, panel.conditions) != (match, conditions)
    panel.name, panel.meaning, panel.match, panel.conditions, panel.made_by = name, meaning, match, conditions, by
    if differs and panel.state in (PanelState.ON, PanelState.FILLING):
        begin_filling(panel)
    panel.save()
    _record("changed", panel, by)
    return panel


@transaction.atomic
def pause(*, panel: Panel, by: User) -> None:
    """Members stay as they are, there and here, until somebody goes on."""
    check_can_keep(by, panel.account)
    panel = _locked(panel)
    if panel.state not in (PanelState.ON, PanelState.FILLING):
        raise Denied(f"It cannot be paused: it is {panel.get_state_display().lower()}.")
    panel.state, panel.problem = PanelState.PAUSED, ""
    panel.save()
    _record("paused", panel, by)


@transaction.atomic
def resume(*, panel: Panel, by: User) -> None:
    """Everybody is looked at once more; what MTurk was not told is told. Whoever resumes it stands for it."""
    check_can_keep(by, panel.account)
    panel = _locked(panel)
    if panel.state != PanelState.PAUSED:
        raise Denied(f"It is not paused: it is {panel.get_state_display().lower()}.")
    panel.problem, panel.made_by = "", by
    PanelMember.objects.filter(panel=panel, command=None).exclude(problem="").update(problem="")
    if panel.qualification_type is None:
        wish = Wish(name=f"Group {secrets.token_hex(4).upper()}", description=DESCRIPTION)
        panel.command = create_type(account=panel.account, by=by, wish=wish, purpose="panel").command
        panel.state = PanelState.STARTING
    else:
        begin_filling(panel)
    panel.save()
    _record("resumed", panel, by)


@transaction.atomic
def tell_again(*, panel: Panel, by: User) -> int:
    """MTurk is told once more about members of whom it was not, or would not be, told."""
    check_can_keep(by, panel.account)
    again = PanelMember.objects.filter(panel=panel, command=None).exclude(problem="").update(problem="")
    if again:
        _record("told again", panel, by, text=f"{again} members")
    return again


@transaction.atomic
def delete(*, panel: Panel, by: User, form_key: uuid.UUID | None = None) -> None:
    """Its qualification goes with it; what asks for that is shown before."""
    check_can_keep(by, panel.account)
    panel = _locked(panel)
    if panel.state in (PanelState.DELETING, PanelState.GONE):
        return
    if panel.state == PanelState.STARTING:
        raise Denied("It is being made. Wait for MTurk's answer, then delete it.")
    if panel.qualification_type is None or panel.qualification_type.gone_at is not None:
        panel.state = PanelState.GONE
    else:
        panel.state = PanelState.DELETING
        panel.save()
        kind = panel.qualification_type
        kind.account = panel.account
        panel.command = delete_type(row=kind, by=by, typed=kind.name, form_key=form_key)
    panel.save()
    _record("deleted", panel, by)


@transaction.atomic
def pin(*, panel: Panel, by: User, text: str, into: str) -> tuple[int, list[str]]:
    """Put pasted workers in, keep them out, or leave them to the conditions again ("in", "out", "").

    Returns how many, and a sentence for each line that is no worker.
    """
    check_can_keep(by, panel.account)
    panel = _locked(panel)
    workers, refused = _pasted(text)
    if not workers:
        raise Denied(refused[0] if refused else "Paste worker ids, one on a line.")
    ids = sorted(workers)
    for start in range(0, len(ids), 500):
        _pin_some(panel, ids[start : start + 500], into, by)
    add_due(panel.account, ids)
    _record("pinned", panel, by, text=f"{len(ids)} workers {PanelMember.Pinned(into).label}")
    return len(ids), refused


def _pasted(text: str) -> tuple[set[str], list[str]]:
    workers: set[str] = set()
    refused: list[str] = []
    for number, typed in enumerate(text.replace(",", "\n").replace(";", "\n").splitlines(), 1):
        if not typed.strip():
            continue
        worker_id = worker_id_of(typed)
        if problem := worker_id_problem(worker_id):
            refused.append(f"Line {number}: {problem}")
        elif worker_id in workers:
            refused.append(f"Line {number}: {worker_id} stands there twice; once is enough.")
        else:
            workers.add(worker_id)
    return workers, refused


def _pin_some(panel: Panel, ids: Iterable[str], into: str, by: User) -> None:
    now, wanted = timezone.now(), into == PanelMember.Pinned.IN
    rows = {row.worker_id: row for row in PanelMember.objects.filter(panel=panel, worker_id__in=list(ids))}
    new, changed = [], []
    for worker_id in ids:
        row = rows.get(worker_id)
        if row is None:
            if not into:
                continue
            row = PanelMember(panel=panel, worker_id=worker_id)
            new.append(row)
        else:
            changed.append(row)
        row.pinned, row.problem = into, ""
        if into:
            if wanted and not row.wanted:
                row.since, row.until = now, None
            elif row.wanted and not wanted:
                row.until = now
            row.wanted = wanted
            row.why = f"{'put in' if wanted else 'kept out'} by {by.get_username()} on {now:%Y-%m-%d}"
    PanelMember.objects.bulk_create(new)
    PanelMember.objects.bulk_update(changed, ["pinned", "problem", "wanted", "why", "since", "until"], batch_size=200)


def _locked(panel: Panel) -> Panel:
    rows = Panel.objects.select_for_update(of=("self",)).select_related("account", "qualification_type")
    return rows.get(pk=panel.pk)


def _record(what: str, panel: Panel, by: User, text: str = "") -> None:
    audit.record(
        f"panel.{what.replace(' ', '_')}", account=panel.account, by=by, subject=f"panel {panel.pk}",
        text=text or panel.name, data={"conditions": panel.conditions, "match": panel.match},
    )  # fmt: skip
