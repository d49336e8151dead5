"""Review: the queue, the workbench, and the decisions made in them. Pages answer from our own tables only."""

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from dashboard.access import of_account
from dashboard.context import COUNT_TO
from dashboard.models import AuditEvent, Command, Membership, Role, State
from dashboard.pages import bound, ordering, page
from dashboard.permissions import Denied, bonus_needs_release
from dashboard.templatetags.formats import operation_words
from hits import actions
from hits.answers import read
from hits.forms import SORTS, STATUSES, DecideManyForm, DecisionForm, QueueFilter
from hits.models import Assignment, Batch
from hits.questions import Question, question_words, read_question
from hits.views.rows import row_maker

CANNED_REASONS = [
    "The answer does not follow the instructions.",
    "The answer is empty or incomplete.",
    "The same answer was given to different tasks.",
    "The boxes are not drawn around the objects.",
]
MOST_PICTURES = 6
SHORT_QUESTION = 1200


def _assignment_of(membership: Membership, assignment_id: str) -> Assignment:
    rows = Assignment.objects.of(membership.account).for_page()
    assignment = get_object_or_404(rows, assignment_id=assignment_id)
    return _dressed(assignment, membership)


def _dressed(assignment: Assignment, membership: Membership) -> Any:
    """With what templates show beside the columns."""
    dressed: Any = assignment
    dressed.account = membership.account
    dressed.answer_read = read(assignment.answer, assignment.hit.question)
    dressed.cost = assignment.hit.reward + assignment.hit.fee
    if dressed.verdict is not None:
        dressed.verdict.account = membership.account
    return dressed


def _undo_of(membership: Membership) -> Command | None:
    """The person's last decision that can still be taken back."""
    last = (
        Command.objects.filter(
            account=membership.account,
            requested_by=membership.user,
            state=State.QUEUED,
            first_sent_at=None,
            not_before__gt=timezone.now(),
        )
        .order_by("-created_at")
        .first()
    )
    return last


# --- the queue ------------------------------------------------------------------------------------------------------


@require_GET
@vary_on_headers("HX-Request")
@of_account
def queue(request: HttpRequest, membership: Membership) -> HttpResponse:
    return _queue(request, membership, request.GET)


def _queue(request: HttpRequest, membership: Membership, query: QueryDict) -> HttpResponse:
    account = membership.account
    filters = QueueFilter(query)
    chosen = filters.chosen()
    rows = filters.apply(Assignment.objects.of(account))
    _, column, descending = SORTS[chosen["sort"]]
    shown = page(rows.for_page(), query, column=column, descending=descending)
    in_order = rows.order_by(*ordering(column, descending=descending))
    batch = shown.items[0].hit.batch if shown.items else None
    if "batch" in chosen and batch is None:
        batch = Batch.objects.filter(account=account, pk=chosen["batch"]).first()
    labels = filters.labels(batch)
    first_page = "after" not in query and "before" not in query
    only_page = first_page and not shown.older_url
    pairs = [(name, str(value)) for name, value in _pairs(chosen)]
    url = reverse("queue", args=[account.slug])
    make_row = row_maker(membership, urlencode(pairs))

    def link(**changes: str) -> str:
        kept = {name: value for name, value in pairs if name not in changes}
        return f"{url}?{urlencode({**kept, **{name: value for name, value in changes.items() if value}})}"

    # A page that is the only one counts itself.
    # In the order of the page: what the page finds by an index, the count does, too.
    count = len(shown.items) if only_page else in_order[:COUNT_TO].count()
    context = {
        "page": shown,
        "rows": [make_row(item) for item in shown.items],
        "count": count,
        "status_chips": [
            {"label": words, "url": link(status=value), "on": value == chosen["status"]}
            for value, words in STATUSES.items()
        ],
        "active_filters": [{"label": words, "remove_url": link(**{name: ""})} for name, words in labels.items()],
        "filter_form": filters,
        "sorts": [{"value": value, "label": sort[0], "on": value == chosen["sort"]} for value, sort in SORTS.items()],
        "query": urlencode(pairs),
        "query_pairs": pairs,
        "form_key": uuid.uuid4(),
        "can_decide": membership.role >= Role.REVIEWER,
        "canned_reasons": CANNED_REASONS,
    }
    if chosen == QueueFilter(QueryDict()).chosen():
        context["review_count"] = count  # the menu's number is this very one
    return render(request, "hits/queue.html", context)


def _pairs(chosen: dict[str, Any]) -> list[tuple[str, Any]]:
    """The filters as they stand in a URL, without the defaults."""
    return [(n, v) for n, v in chosen.items() if (n, v) not in (("status", "waiting"), ("sort", "deadline"))]


def row(request: HttpRequest, membership: Membership, assignment_id: str, error: str = "") -> HttpResponse:
    query = QueryDict(request.POST.get("query", "")).urlencode()
    rows = Assignment.objects.of(membership.account).for_page()
    assignment = get_object_or_404(rows, assignment_id=assignment_id)
    context = {"row": row_maker(membership, query)(assignment), "query": query, "row_error": error}
    return render(request, "hits/queue.html#row", context)


@require_POST
@of_account
def decide_many(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Approve or reject the ticked rows, in one transaction; what could not be decided is named."""
    back = reverse("queue", args=[membership.account.slug])
    if query := request.POST.get("query", ""):
        back = f"{back}?{QueryDict(query).urlencode()}"
    form = DecideManyForm(request.POST)
    chosen = request.POST.getlist("assignment")
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
        return redirect(back)
    if not chosen:
        messages.error(request, "Tick the assignments first.")
        return redirect(back)
    try:
        done = actions.decide_together(
            account=membership.account,
            assignment_ids=chosen,
            by=membership.user,
            verdict=form.cleaned_data["action"],
            feedback=form.cleaned_data["feedback"],
        )
    except Denied as reason:
        messages.error(request, f"Nothing was changed. {reason}")
        return redirect(back)
    if done.commands:
        total = sum(command.amount + command.fee for command in done.commands)
        verb = "Approving" if form.cleaned_data["action"] == "approve" else "Rejecting"
        money = f" for ${total:,.2f}, fees included" if total else ""
        messages.success(request, f"{verb} {len(done.commands)}{money}. They are under “On their way” until sent.")
    for assignment_id, reason_text in list(done.refused.items())[:5]:
        messages.error(request, f"{assignment_id}: {reason_text}")
    if len(done.refused) > 5:
        messages.error(request, f"… and {len(done.refused) - 5} more could not be decided.")
    return redirect(back)


# --- the workbench --------------------------------------------------------------------------------------------------


@require_GET
@vary_on_headers("HX-Request")
@of_account
def assignment(request: HttpRequest, membership: Membership, assignment_id: str) -> HttpResponse:
    current = _assignment_of(membership, assignment_id)
    return _workbench(request, membership, current, request.GET, open_panel=request.GET.get("open", ""))


def _workbench(
    request: HttpRequest,
    membership: Membership,
    current: Any,
    query: QueryDict,
    *,
    form: DecisionForm | None = None,
    open_panel: str = "",
    status: int = 200,
) -> HttpResponse:
    account = membership.account
    filters = QueueFilter(query)
    chosen = filters.chosen()
    _, column, descending = SORTS[chosen["sort"]]
    rows = filters.apply(Assignment.objects.of(account))
    text = urlencode(_pairs(chosen))

    def at(row: Assignment | None) -> str:
        if row is None:
            return ""
        url = reverse("assignment", args=[account.slug, row.assignment_id])
        return f"{url}?{text}" if text else url

    here = (getattr(current, column), current.pk)
    following, previous = (
        rows.filter(bound(column, *here, descending=direction))
        .order_by(*ordering(column, descending=direction))
        .only("assignment_id")
        .first()
        for direction in (descending, not descending)
    )
    before = rows.filter(bound(column, *here, descending=not descending))[:COUNT_TO].count()
    undo = _undo_of(membership)
    question, words = read_question(current.hit.question), question_words(current.hit.question)
    context = {
        "assignment": current,
        "answer": current.answer_read,
        "question_text": words,
        "question_open": 0 < len(words) <= SHORT_QUESTION,
        "task_pictures": _pictures_not_drawn(question, current),
        "instructions": current.hit.hit_type.description,
        "cost": current.cost,
        "fee": current.hit.fee,
        "median_seconds": Assignment.objects.filter(batch=current.batch_id).median_seconds(),
        "others": Assignment.objects.filter(hit=current.hit)
        .exclude(pk=current.pk)
        .select_related("verdict")
        .defer("raw")
        .order_by("submitted_at")[:20],
        "commands": Command.objects.filter(account=account, assignment_id=current.assignment_id).select_related(
            "requested_by"
        )[:30],
        "history": AuditEvent.objects.filter(chain=account.slug, subject=current.assignment_id, actor="elsewhere")[:20],
        "why_not": _why_not(membership, current),
        "bonus_needs_release": (
            "An approver releases it: a reviewer's bonus is a proposal."
            if bonus_needs_release(membership.user, account, Decimal(0))
            else ""
        ),
        "undo": undo,
        "undo_words": f"{operation_words(undo.kind)} {undo.worker_id}" if undo else "",
        "position": before + 1,
        "total": max(rows.order_by(*ordering(column, descending=descending))[:COUNT_TO].count(), before + 1),
        "next_url": at(following),
        "previous_url": at(previous),
        "queue_url": reverse("queue", args=[account.slug]) + (f"?{text}" if text else ""),
        "query": text,
        "form_key": uuid.uuid4(),
        "canned_reasons": CANNED_REASONS,
        "form": form,
        "open_panel": open_panel,
    }
    part = "#workbench" if getattr(request, "htmx", False) else ""
    response = render(request, f"hits/assignment.html{part}", context, status=status)
    if part:
        response["HX-Push-Url"] = at(current)
    return response


def workbench_of(
    request: HttpRequest, membership: Membership, assignment_id: str, query: QueryDict, error: str = ""
) -> HttpResponse:
    """The workbench of an assignment after something else than a verdict changed it."""
    form = None
    if error:
        form = DecisionForm({"action": "approve"})
        form.add_error(None, error)
    return _workbench(request, membership, _assignment_of(membership, assignment_id), query, form=form)


def _pictures_not_drawn(question: Question, current: Any) -> list[str]:
    """Pictures of the task that the answer is not drawn upon: a receipt beside the total that was typed."""
    drawn = {image.url for image in current.answer_read.images}
    return [url for url in question.images if url not in drawn][:MOST_PICTURES]


def _why_not(membership: Membership, current: Assignment) -> dict[str, str]:
    """Why a button cannot be used now; the very sentences the actions would refuse with."""
    checks: dict[str, Callable[..., None]] = {
        "approve": actions.check_can_decide,
        "reject": actions.check_can_decide,
        "override": actions.check_can_override,
    }
    reasons = {}
    for name, check in checks.items():
        try:
            check(membership.user, current)
        except Denied as reason:
            reasons[name] = str(reason)
    if membership.role < Role.REVIEWER:
        reasons["bonus"] = "You need to be a reviewer of this account to propose a bonus."
    elif current.gone_at is not None:
        reasons["bonus"] = "Its HIT no longer exists there, so no bonus can be paid for it."
    return reasons


@require_POST
@of_account
def decide(request: HttpRequest, membership: Membership, assignment_id: str) -> HttpResponse:
    """approve, reject or override: answers the row it came from, or the workbench of the next one."""
    current = _assignment_of(membership, assignment_id)
    from_queue = request.POST.get("from") == "queue"
    query = QueryDict(request.POST.get("query", ""))
    form = DecisionForm(request.POST)
    if form.is_valid():
        try:
            _act(form, current, membership)
        except Denied as reason:
            form.add_error(None, str(reason))
    htmx = getattr(request, "htmx", False)
    if form.errors:
        sentence = " ".join(str(error) for errors in form.errors.values() for error in errors)
        if htmx and from_queue:
            return row(request, membership, assignment_id, sentence)
        current = _assignment_of(membership, assignment_id)
        panel = form.data.get("action", "")
        return _workbench(request, membership, current, query, form=form, open_panel=panel, status=422)
    if from_queue:
        if htmx:
            return row(request, membership, assignment_id)
        return redirect(reverse("queue", args=[membership.account.slug]) + f"?{query.urlencode()}")
    following = _next_after(membership, current, query)
    if htmx:
        return _workbench(request, membership, following or _assignment_of(membership, assignment_id), query)
    target = following.assignment_id if following else assignment_id
    return redirect(reverse("assignment", args=[membership.account.slug, target]) + f"?{query.urlencode()}")


def _act(form: DecisionForm, current: Assignment, membership: Membership) -> Command:
    chosen = form.cleaned_data
    act: dict[str, Callable[..., Command]] = {
        "approve": actions.approve,
        "reject": actions.reject,
        "override": actions.override_rejection,
    }
    return act[chosen["action"]](
        assignment=current, by=membership.user, feedback=chosen["feedback"], form_key=chosen["form_key"]
    )


def _next_after(membership: Membership, current: Assignment, query: QueryDict) -> Any | None:
    """The next one in the filtered queue; at its end the first that was skipped."""
    filters = QueueFilter(query)
    _, column, descending = SORTS[filters.chosen()["sort"]]
    rows = filters.apply(Assignment.objects.of(membership.account).for_page()).exclude(pk=current.pk)
    ordered = rows.order_by(*ordering(column, descending=descending))
    behind = ordered.filter(bound(column, getattr(current, column), current.pk, descending=descending))
    following = behind.first() or ordered.first()
    return _dressed(following, membership) if following else None
