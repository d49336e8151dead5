"""The race at acceptance: a worker may take a HIT between the moment a panel shuts them out and the moment MTurk knows.
Such work is good work; it is marked, so that whoever reviews it knows."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from hits.models import Assignment, Flag
from qualifications.commands.types import hit_types_requiring
from qualifications.models import Panel, PanelMember

#: HIT types that may ask for one panel, as far as we look.
_MOST_TYPES = 500


def panels_asked(requirements: object, by_type: dict[str, Panel]) -> list[tuple[Panel, bool]]:
    """The panels a HIT type asks about; True where their members are shut out, False where others are."""
    asked = []
    for requirement in requirements if isinstance(requirements, list) else []:
        if not isinstance(requirement, dict) or requirement.get("QualificationTypeId") not in by_type:
            continue
        if requirement.get("Comparator") in ("DoesNotExist", "Exists"):
            panel = by_type[requirement["QualificationTypeId"]]
            asked.append((panel, requirement["Comparator"] == "DoesNotExist"))
    return asked


def mark_new(panels: Sequence[Panel], rows: Iterable[Assignment]) -> int:
    """Flag those of the new assignments whose worker a panel had shut out when they were accepted. Their HITs and HIT
    types are loaded."""
    by_type = {panel.qualification_type.qualification_type_id: panel for panel in panels if panel.qualification_type}
    asked = {row.pk: panels_asked(row.hit.hit_type.qualification_requirements, by_type) for row in rows}
    concerned = [row for row in rows if asked[row.pk] and row.accepted_at is not None]
    if not concerned:
        return 0
    members = {
        (member.panel_id, member.worker_id): member
        for member in PanelMember.objects.filter(
            panel__in=by_type.values(), worker_id__in={row.worker_id for row in concerned}
        )
    }
    found = []
    for row in concerned:
        for panel, shut_out in asked[row.pk]:
            member = members.get((panel.pk, row.worker_id))
            if member is not None and _slipped(member, shut_out, row.accepted_at):
                found.append((row, _words(panel, member, shut_out)))
                break
    return _flag(found)


def mark_accepted_since(panel: Panel, begun: dict[str, datetime]) -> int:
    """Flag what workers who have become members of an excluding panel accepted after that: MTurk was told too late."""
    if panel.qualification_type is None or not begun:
        return 0
    type_id = panel.qualification_type.qualification_type_id
    types = [
        row.pk
        for row in hit_types_requiring(panel.account_id, type_id)[:_MOST_TYPES]
        if any(shut_out for _, shut_out in panels_asked(row.qualification_requirements, {type_id: panel}))
    ]
    if not types:
        return 0
    rows = Assignment.objects.filter(
        account=panel.account_id, worker_id__in=begun, accepted_at__gt=min(begun.values()), hit__hit_type__in=types
    )
    members = {row.worker_id: row for row in PanelMember.objects.filter(panel=panel, worker_id__in=begun)}
    late = [row for row in rows.defer("answer", "raw") if row.accepted_at and row.accepted_at > begun[row.worker_id]]
    return _flag([(row, _words(panel, members[row.worker_id], True)) for row in late if row.worker_id in members])


def _slipped(member: PanelMember, shut_out: bool, accepted: datetime | None) -> bool:
    if accepted is None:
        return False
    if shut_out:
        return member.wanted and member.since is not None and member.since < accepted
    return not member.wanted and member.until is not None and member.until < accepted


def _words(panel: Panel, member: PanelMember, shut_out: bool) -> str:
    if shut_out:
        return f"slipped through: “{panel.name}” shuts this worker out ({member.why or 'put in by hand'})"[:200]
    return f"slipped through: the worker was no longer in “{panel.name}”"[:200]


def _flag(found: list[tuple[Assignment, str]]) -> int:
    """Each once, whatever was cleared meanwhile."""
    if not found:
        return 0
    keys = [row.pk for row, _ in found]
    marked: set[Any] = set(
        Flag.objects.filter(assignment__in=keys, reason__startswith="slipped through").values_list(
            "assignment", flat=True
        )
    )
    flags = [
        Flag(account_id=row.account_id, assignment=row, reason=words) for row, words in found if row.pk not in marked
    ]
    Flag.objects.bulk_create(flags, batch_size=200)
    Assignment.objects.filter(pk__in=[flag.assignment_id for flag in flags]).update(flagged=True)
    return len(flags)
