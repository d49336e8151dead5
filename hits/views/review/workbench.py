"""The workbench: one answer at a time, with all that is known of it and all that can be done."""

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from dashboard.access import of_account
from dashboard.context import COUNT_TO
from dashboard.models import AuditEvent, Command, Membership, Role
from dashboard.permissions import Denied, bonus_needs_release
from dashboard.templatetags.formats import operation_words
from hits import actions
from hits.actions import data, flags
from hits.actions.reasons import reasons_for, reasons_of
from hits.agreement import inputs_of
from hits.answers import read, with_codes
from hits.answers.sources import Sources
from hits.forms import DecisionForm
from hits.models import Assignment, AssignmentStatus, DataVerdict, Flag, Rule
from hits.questions import Question, question_words, read_question
from hits.rules.looks import known_codes
from hits.views.review.looking import look
from hits.views.values import shown_value

MOST_PICTURES = 6
SHORT_QUESTION = 1200
#: Others of the HIT told beside the answer; all of them stand side by side on a page of their own.
MOST_OTHERS = 8
_TOLD = ("elsewhere",)
_OURS = (data.JUDGED, data.TAKEN_BACK, flags.SET, flags.CLEARED, flags.TAKEN_BACK)
_VERDICTS = (
    (DataVerdict.USABLE, "check"),
    (DataVerdict.UNUSABLE, "ban"),
    (DataVerdict.UNSURE, "question-mark"),
    (DataVerdict.CORRECTED, "pencil"),
)


def assignment_of(membership: Membership, assignment_id: str) -> Any:
    """An assignment of this account with what templates show beside its columns; else 404."""
    rows = Assignment.objects.of(membership.account).for_page().select_related("data_by", "reviewer")
    dressed: Any = get_object_or_404(rows, assignment_id=assignment_id)
    dressed.account = membership.account
    inputs = inputs_of([dressed.hit_id]).get(dressed.hit_id)
    dressed.answer_read = with_codes(read(dressed.answer, dressed.hit.question, inputs), _codes_of(dressed))
    dressed.cost = dressed.hit.reward + dressed.hit.fee
    if dressed.verdict is not None:
        dressed.verdict.account = membership.account
    return dressed


def _codes_of(assignment: Assignment) -> dict[str, frozenset[str]]:
    """The survey codes that were given out for a batch, by the field they are asked in."""
    rules = Rule.objects.filter(batch=assignment.batch_id, look=Rule.Look.CODE, deleted_at=None)
    kept = rules.values_list("settings", flat=True)
    return {one["field"]: known_codes(tuple(one["codes"])) for one in kept if one.get("field") and one.get("codes")}


@require_GET
@vary_on_headers("HX-Request")
@of_account
def assignment(request: HttpRequest, membership: Membership, assignment_id: str) -> HttpResponse:
    current = assignment_of(membership, assignment_id)
    return workbench(request, membership, current, request.GET, open_panel=request.GET.get("open", ""))


def workbench(
    request: HttpRequest,
    membership: Membership,
    current: Any,
    query: QueryDict,
    *,
    form: DecisionForm | None = None,
    open_panel: str = "",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The workbench of `current`, as a page or for htmx as its part."""
    account, now = membership.account, timezone.now()
    looking = look(membership, query).free()
    following, previous = looking.beside(current), looking.beside(current, backwards=True)
    before, count = looking.count_before(current), looking.count()
    question, words = read_question(current.hit.question), question_words(current.hit.question)
    events = AuditEvent.objects.filter(chain=account.slug, subject=current.assignment_id).order_by("-number")
    events = events.defer("data")[:60]  # of a corrected mask the record holds its picture
    held = current.handed_until is not None and current.handed_until > now
    reversible_until = current.submitted_at + actions.OVERRIDE_WITHIN
    context = {
        "assignment": current,
        "answer": current.answer_read,
        "question_text": words,
        "question_open": 0 < len(words) <= SHORT_QUESTION,
        "task_pictures": _pictures_not_drawn(question, current),
        "instructions": current.hit.hit_type.description,
        "cost": current.cost,
        "fee": current.hit.fee,
        "median_seconds": Assignment.objects.of(account).filter(batch=current.batch_id).median_seconds(),
        "others": Assignment.objects.of(account)
        .filter(hit=current.hit_id)
        .exclude(pk=current.pk)
        .select_related("verdict")
        .defer("raw")
        .order_by("submitted_at")[:MOST_OTHERS],
        "commands": Command.objects.filter(account=account, assignment_id=current.assignment_id).select_related(
            "requested_by"
        )[:30],
        "history": [event for event in events if event.actor in _TOLD or event.kind in _OURS][:20],
        "why_not": _why_not(membership, current),
        "bonus_needs_release": (
            "An approver releases it: a reviewer's bonus is a proposal."
            if bonus_needs_release(membership.user, account, Decimal(0))
            else ""
        ),
        "verdicts": [(value, label_of(value), icon, value == current.data_verdict) for value, icon in _VERDICTS],
        "corrected": _corrected(current),
        "flags": (
            Flag.objects.filter(assignment=current.pk, cleared_at=None).select_related("made_by", "rule")[:10]
            if current.flagged
            else []
        ),
        "held_by_other": current.reviewer if held and current.reviewer_id != membership.user_id else None,
        "held_by_me": held and current.reviewer_id == membership.user_id,
        "reversible_until": (
            reversible_until if current.status == AssignmentStatus.REJECTED and reversible_until > now else None
        ),
        "position": None if before is None else before + 1,
        "total": None if count is None or before is None else max(min(count, COUNT_TO), before + 1),
        "next_url": looking.at(following.assignment_id) if following else "",
        "previous_url": looking.at(previous.assignment_id) if previous else "",
        "queue_url": looking.queue_url,
        "query": looking.text,
        "form_key": uuid.uuid4(),
        "reasons": reasons_for(current, reasons_of(account)) if membership.role >= Role.REVIEWER else {},
        "form": form,
        "open_panel": open_panel,
        **undo_of(membership),
        **more,
    }
    part = "#workbench" if getattr(request, "htmx", False) else ""
    response = render(request, f"hits/assignment.html{part}", context, status=status)
    if part:
        response["HX-Push-Url"] = looking.at(current.assignment_id)
    return response


def _corrected(current: Any) -> list[tuple[str, dict[str, Any]]]:
    """Field: the corrected value as hits/value.html shows it."""
    if not current.corrected:
        return []
    sources = Sources(read_question(current.hit.question), inputs_of([current.hit_id]).get(current.hit_id))
    return [(name, shown_value(value, name, sources)) for name, value in current.corrected.items()]


def label_of(verdict: str) -> str:
    return DataVerdict(verdict).label if verdict else ""


def undo_of(membership: Membership) -> dict[str, Any]:
    """What the undo button of this person shows."""
    found = actions.last_undo(account=membership.account, by=membership.user)
    words = found.words if found else ""
    if found and found.command:
        words = f"{operation_words(found.command.kind)} {found.command.worker_id}"
    return {"undo": found, "undo_words": words}


def workbench_of(
    request: HttpRequest, membership: Membership, assignment_id: str, query: QueryDict, error: str = ""
) -> HttpResponse:
    """The workbench of an assignment after something else than a verdict changed it."""
    form = None
    if error:
        form = DecisionForm({"action": "approve"})
        form.add_error(None, error)
    return workbench(request, membership, assignment_of(membership, assignment_id), query, form=form)


def _pictures_not_drawn(question: Question, current: Any) -> list[str]:
    """Pictures of the task that the answer is not drawn upon: a receipt beside the total that was typed."""
    drawn = {image.url for image in current.answer_read.images}
    return [url for url in question.images if url not in drawn][:MOST_PICTURES]


def _why_not(membership: Membership, current: Assignment) -> dict[str, str]:
    """Why a button cannot be used now; the very sentences the actions would refuse with."""
    reasons: dict[str, str] = {}
    rejected = current.status == AssignmentStatus.REJECTED
    checks: list[tuple[Callable[..., None], tuple[str, ...]]] = [
        (actions.check_can_override, ("override",)) if rejected else (actions.check_can_decide, ("approve", "reject"))
    ]
    if membership.role < Role.REVIEWER:
        checks += [(actions.check_can_judge, ("judge",)), (actions.check_can_flag, ("flag",))]
    for check, names in checks:
        try:
            check(membership.user, current)
        except Denied as reason:
            reasons |= dict.fromkeys(names, str(reason))
    if membership.role < Role.REVIEWER:
        reasons["bonus"] = "You need to be a reviewer of this account to propose a bonus."
    elif current.gone_at is not None:
        reasons["bonus"] = "Its HIT no longer exists there, so no bonus can be paid for it."
    return reasons
