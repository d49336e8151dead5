"""Finding work: the list of HIT groups, one group, taking a HIT, and what is in hand."""

import re
from contextlib import suppress
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from marketplace import clock, work
from marketplace.documents import DocumentError, Kind, parse_question
from marketplace.models import HIT, Assignment, HITType, Worker
from marketplace.refusals import Refused
from marketplace.site import frames
from marketplace.site.access import for_workers
from marketplace.site.forms import GroupFilter, page_number
from marketplace.site.groups import groups_for, may_find, next_hit, requirements_in_words
from marketplace.site.question_forms import Form
from marketplace.transactions import in_transaction

PAGE = 50
_ID = re.compile(r"[A-Za-z0-9]{1,64}")
TRIES = 5  # HITs of a group tried in turn, when others take them at the same moment


@require_safe
@for_workers
def groups(request: HttpRequest, worker: Worker) -> HttpResponse:
    """Every HIT group with something this worker may find."""
    form = GroupFilter(request.GET)
    found = groups_for(worker, clock.now())
    matching = form.apply(found)
    page = page_number(request)
    rest = request.GET.copy()
    rest.pop("page", None)
    context = {
        "groups": matching[page * PAGE : (page + 1) * PAGE],
        "count": len(matching),
        "any": bool(found),
        "form": form,
        "query": f"{rest.urlencode()}&" if rest else "",
        "older": page + 1 if len(matching) > (page + 1) * PAGE else None,
        "newer": page - 1 if page else None,
    }
    return render(request, "site/groups.html", context)


@require_safe
@for_workers
def group(request: HttpRequest, worker: Worker, group_id: str) -> HttpResponse:
    """One HIT group: what it is, what it pays, what it asks for, and one of its HITs to look at."""
    hit_type = _hit_type(group_id)
    now = clock.now()
    found = groups_for(worker, now, hit_type=hit_type)
    mine = Assignment.objects.filter(worker=worker, hit__hit_type=hit_type, status=Assignment.Status.ACCEPTED)
    if not found and not mine and not may_find(worker, hit_type):
        raise Http404  # what somebody may not discover does not exist for them
    hit = next_hit(worker, hit_type, now, after=_skipped(request)) if found and found[0].can_preview else None
    context: dict[str, Any] = {
        "hit_type": hit_type,
        "group": found[0] if found else None,
        "requirements": requirements_in_words(hit_type),
        "in_hand_here": mine.order_by("deadline").first(),
        "hit": hit,
    }
    if hit is not None:
        context |= _preview(request, hit)
    return render(request, "site/group.html", context, status=200 if found or context["in_hand_here"] else 404)


@require_safe
def group_at_mturk(request: HttpRequest) -> HttpResponse:
    """`/mturk/preview?groupId=…` and its kin: addresses of Mechanical Turk's worker site, as scripts print them."""
    group_id = request.GET.get("groupId") or request.GET.get("hitTypeId") or ""
    return redirect("group", group_id) if _ID.fullmatch(group_id) else redirect("groups")


@require_POST
@for_workers
def accept(request: HttpRequest, worker: Worker, group_id: str) -> HttpResponse:
    """Take a HIT of the group: the one that was looked at (`hit`), else the oldest that is still free."""
    hit_type = _hit_type(group_id)
    wanted = request.POST.get("hit", "")
    assignment, refused = _take(worker, hit_type, wanted=wanted if _ID.fullmatch(wanted) else "")
    if assignment is not None:
        return redirect("task", assignment.assignment_id)
    context = {"hit_type": hit_type, "refused": refused}
    return render(request, "site/none_left.html", context, status=409)


@require_POST
@for_workers
def skip(request: HttpRequest, worker: Worker, assignment_id: str) -> HttpResponse:
    """Another HIT of the same group instead of this one. The other is taken first: nobody ends with none by asking."""
    held = get_object_or_404(
        Assignment.objects.select_related("hit__hit_type"), assignment_id=assignment_id, worker=worker
    )
    other, _ = _take(worker, held.hit.hit_type, after=held.hit)
    if other is None:
        messages.info(request, "There is no other one of this group for you at the moment. You still have this one.")
        return redirect("task", assignment_id)
    with suppress(Refused):  # its time was over meanwhile, or it was handed in from another window
        in_transaction(lambda: work.give_back(assignment_id))
    return redirect("task", other.assignment_id)


def _take(
    worker: Worker, hit_type: HITType, *, wanted: str = "", after: HIT | None = None
) -> tuple[Assignment | None, Refused | None]:
    """An assignment of the group, or why there was none; others may take what was found at the same moment."""
    refused: Refused | None = None
    for _ in range(TRIES):
        if not wanted:
            found = next_hit(worker, hit_type, clock.now(), after=after)
            wanted = found.hit_id if found else ""
        if not wanted:
            break
        try:
            return in_transaction(partial(work.accept, wanted, worker.worker_id)), None
        except Refused as reason:
            if reason.code == "already_accepted":  # the button was pressed twice
                held = Assignment.objects.filter(hit__hit_id=wanted, worker=worker, status=Assignment.Status.ACCEPTED)
                return held.first(), reason
            refused, wanted = reason, ""
            if reason.code in ("unqualified", "blocked"):
                break
    return None, refused


@require_safe
@for_workers
def in_hand(request: HttpRequest, worker: Worker) -> HttpResponse:
    """What the worker has accepted, the most urgent first."""
    rows = (
        Assignment.objects.filter(worker=worker, status=Assignment.Status.ACCEPTED)
        .select_related("hit__hit_type__requester")
        .order_by("deadline", "pk")
    )
    recent = (
        Assignment.objects.filter(worker=worker, status=Assignment.Status.SUBMITTED)
        .select_related("hit__hit_type__requester")
        .order_by("-submit_time", "-pk")[:10]
    )
    return render(request, "site/in_hand.html", {"rows": rows[:200], "recent": recent})


@require_POST
@for_workers
def give_back(request: HttpRequest, worker: Worker, assignment_id: str) -> HttpResponse:
    """Return an assignment of one's own; somebody else gets it."""
    assignment = get_object_or_404(
        Assignment.objects.select_related("hit__hit_type"), assignment_id=assignment_id, worker=worker
    )
    try:
        in_transaction(lambda: work.give_back(assignment.assignment_id))
    except Refused as reason:
        messages.error(request, str(reason.message))
    else:
        messages.success(request, "Given back. It costs you nothing, and somebody else can do it.")
    return redirect(reverse("group", args=[assignment.hit.hit_type.hit_group_id]))


def _preview(request: HttpRequest, hit: HIT) -> dict[str, Any]:
    """What a HIT looks like: `items` of a QuestionForm, else the `source` of a frame."""
    try:
        question = parse_question(hit.question)
        if question.kind is Kind.QUESTION_FORM:
            return {"items": Form(hit.question).items}
    except DocumentError as error:
        return {"source": frames.Source(problem=f"This task cannot be shown: {error}")}
    return {"source": frames.source_of(request, hit, question, None)}


def _hit_type(group_id: str) -> HITType:
    """By group id or, as links to Mechanical Turk's worker site have it, by HIT type id."""
    rows = HITType.objects.select_related("requester")
    return rows.filter(hit_group_id=group_id).first() or get_object_or_404(rows, hit_type_id=group_id)


def _skipped(request: HttpRequest) -> HIT | None:
    """The HIT that the worker looked at and does not want to see now."""
    name = request.GET.get("skip", "")
    return HIT.objects.filter(hit_id=name).first() if _ID.fullmatch(name) else None
