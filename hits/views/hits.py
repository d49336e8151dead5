"""HITs: the table of all of an account, the page of one, and the preview of what it asks."""

import uuid
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET, require_POST

from dashboard.access import of_account
from dashboard.context import COUNT_TO
from dashboard.models import AuditEvent, Command, Membership, Role, State
from dashboard.pages import page
from dashboard.permissions import Denied
from dashboard.selections import ticked
from dashboard.templatetags.formats import operation_words
from hits import actions
from hits.forms import HIT_SORTS, HIT_STATUSES, ChangeForm, HITFilter
from hits.models import HIT, Assignment, AssignmentStatus, Batch, HITType
from hits.text import counts_words, requirements_words
from hits.views.replay import NOT_ACCEPTED, preview_document
from marketplace import documents
from marketplace.policies import RATES

SHOWN_ASSIGNMENTS = 50
SHOWN_TYPES = 100
_FRAME_HEIGHTS = range(160, 1601)


@require_GET
@of_account
def hits(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Every HIT of the account."""
    account, query = membership.account, request.GET
    filters = HITFilter(query)
    chosen = filters.chosen()
    rows = filters.apply(HIT.objects.of(account))
    _, column, descending = HIT_SORTS[chosen["sort"]]
    shown = page(rows.for_page(), query, column=column, descending=descending)
    item: Any
    for item in shown.items:
        item.account = account
        item.cost = item.reward + item.fee
    batch = shown.items[0].batch if shown.items else None
    if "batch" in chosen and batch is None:
        batch = Batch.objects.filter(account=account, pk=chosen["batch"]).first()
    only_page = "after" not in query and "before" not in query and not shown.older_url
    pairs = [(name, str(value)) for name, value in chosen.items() if (name, value) != ("sort", "newest")]
    url = reverse("hits", args=[account.slug])

    def link(**changes: str) -> str:
        kept = {name: value for name, value in pairs if name not in changes}
        return f"{url}?{urlencode({**kept, **{name: value for name, value in changes.items() if value}})}"

    context = {
        "page": shown,
        "count": len(shown.items) if only_page else rows[:COUNT_TO].count(),
        "status_chips": [
            {"label": words, "url": link(status=value), "on": value == chosen.get("status", "")}
            for value, words in HIT_STATUSES.items()
        ],
        "active_filters": [
            {"label": words, "remove_url": link(**{name: ""})} for name, words in filters.labels(batch).items()
        ],
        "filter_form": filters,
        "sorts": [
            {"value": value, "label": sort[0], "on": value == chosen["sort"]} for value, sort in HIT_SORTS.items()
        ],
        "query": urlencode(pairs),
        "query_pairs": pairs,
        "filtered": bool(pairs),
        "can_change": membership.role >= Role.REVIEWER,
        "can_spend": membership.role >= Role.APPROVER,
    }
    return render(request, "hits/hits.html", context)


def _hit_of(membership: Membership, hit_id: str) -> HIT:
    rows = HIT.objects.of(membership.account).select_related("hit_type", "batch").defer("raw")
    hit = get_object_or_404(rows, hit_id=hit_id)
    hit.account = membership.account
    return hit


@require_GET
@of_account
def hit(request: HttpRequest, membership: Membership, hit_id: str) -> HttpResponse:
    """One HIT: what it asks, of whom, how far it is, and what happened to it."""
    return _page_of(request, membership, _hit_of(membership, hit_id))


def _page_of(
    request: HttpRequest, membership: Membership, hit: HIT, *, form: ChangeForm | None = None, status: int = 200
) -> HttpResponse:
    account = membership.account
    its_own = Assignment.objects.filter(hit=hit)
    counted = dict(its_own.order_by().values_list("status").annotate(Count("pk")))
    question, problem = _read(hit.question)
    context: dict[str, Any] = {
        "hit": hit,
        "question": question,
        "problem": problem,
        "frame_url": _frame_url(account.slug, hit),
        "frame_height": _frame_height(question),
        "external_host": urlsplit(question.url).hostname if question and question.url else "",
        "requirements": requirements_words(hit.hit_type.qualification_requirements),
        "counts": counts_words(
            wanted=hit.max_assignments,
            available=hit.available,
            pending=hit.pending,
            waiting=counted.get(AssignmentStatus.SUBMITTED, 0),
            approved=counted.get(AssignmentStatus.APPROVED, 0),
            rejected=counted.get(AssignmentStatus.REJECTED, 0),
            over=hit.is_over,
        ),
        "handed_in": sum(counted.values()),
        "assignments": its_own.select_related("verdict")
        .defer("raw")
        .order_by("submitted_at", "pk")[:SHOWN_ASSIGNMENTS],
        "shown_assignments": SHOWN_ASSIGNMENTS,
        "commands": Command.objects.filter(
            account=account, hit_id=hit.hit_id, assignment_id="", worker_id=""
        ).select_related("requested_by")[:30],
        "history": AuditEvent.objects.filter(chain=account.slug, subject=hit.hit_id, actor="elsewhere")[:20],
    }
    context |= {
        "form": form,
        "open_panel": form.data.get("action", "") if form else "",
        "form_key": uuid.uuid4(),
        "why_not": _why_not(membership, hit),
        "hit_types": HITType.objects.filter(account=account).exclude(pk=hit.hit_type_id).order_by("-pk")[:SHOWN_TYPES],
        "cost": hit.reward + hit.fee,
        "most_more": RATES.many_from - 1 - hit.max_assignments if hit.max_assignments < RATES.many_from else None,
        "undo": _undo_of(membership, hit),
    }
    return render(request, "hits/hit.html", context, status=status)


def _why_not(membership: Membership, hit: HIT) -> dict[str, str]:
    """Why a button cannot be used now; the very sentences the action would refuse with."""
    reasons = {}
    for name in actions.CHANGES:
        try:
            actions.check_can_change(name, hit=hit, by=membership.user)
        except Denied as reason:
            reasons[name] = str(reason)
    return reasons


def _undo_of(membership: Membership, hit: HIT) -> Command | None:
    """The person's last change of this HIT that can still be taken back."""
    return (
        Command.objects.filter(
            account=membership.account,
            hit_id=hit.hit_id,
            assignment_id="",
            requested_by=membership.user,
            state=State.QUEUED,
            first_sent_at=None,
            not_before__gt=timezone.now(),
        )
        .order_by("-created_at")
        .first()
    )


@require_POST
@of_account
def change_hit(request: HttpRequest, membership: Membership, hit_id: str) -> HttpResponse:
    """extend, expire, add, review, unreview, delete or retype; what is wrong is said beside the form it came from."""
    hit = _hit_of(membership, hit_id)
    form = ChangeForm(request.POST, account=membership.account)
    if form.is_valid():
        chosen = form.cleaned_data
        try:
            command = actions.change_hit(
                chosen["action"], hit=hit, by=membership.user, form_key=chosen["form_key"], **chosen["details"]
            )
        except Denied as reason:
            form.add_error(None, str(reason))
        else:
            messages.success(request, f"{operation_words(command.kind)}: on its way.")
            return redirect("hit", membership.account.slug, hit_id)
    return _page_of(request, membership, hit, form=form, status=422)


@require_POST
@of_account
def change_hits(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The same change of the ticked HITs, in one transaction; what could not be changed is named."""
    back = reverse("hits", args=[membership.account.slug])
    if query := request.POST.get("query", ""):
        back = f"{back}?{QueryDict(query).urlencode()}"
    form, chosen = ChangeForm(request.POST, account=membership.account), ticked(request.POST, "hit")
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
        return redirect(back)
    if not chosen:
        messages.error(request, "Tick the HITs first.")
        return redirect(back)
    name, details = form.cleaned_data["action"], form.cleaned_data["details"]
    try:
        done = actions.change_together(name, account=membership.account, hit_ids=chosen, by=membership.user, **details)
    except Denied as reason:
        messages.error(request, f"Nothing was changed. {reason}")
        return redirect(back)
    if done.commands:
        total = sum(command.amount + command.fee for command in done.commands)
        money = f" for ${total:,.2f}, fees included" if total else ""
        words = operation_words(actions.CHANGES[name].kind.name)
        messages.success(request, f"{words}: {len(done.commands)} on their way{money}. Activity shows them, with undo.")
    for hit_id, sentence in list(done.refused.items())[:5]:
        messages.error(request, f"{hit_id}: {sentence}")
    if len(done.refused) > 5:
        messages.error(request, f"… and {len(done.refused) - 5} more could not be changed.")
    return redirect(back)


# --- the preview ----------------------------------------------------------------------------------------------------


def _read(text: str) -> tuple[documents.Question | None, str]:
    """The question document, or why there is none."""
    if not text:
        return None, "MTurk gave no question for it."
    try:
        return documents.parse_question(text), ""
    except documents.DocumentError as error:
        return None, str(error)


def _frame_url(slug: str, hit: HIT) -> str:
    seen = {"assignmentId": NOT_ACCEPTED, "hitId": hit.hit_id}
    return f"{reverse('hit_preview', args=[slug, hit.hit_id])}?{urlencode(seen)}"


def _frame_height(question: documents.Question | None) -> int:
    height = question.frame_height if question and question.frame_height else 480
    return min(max(height, _FRAME_HEIGHTS[0]), _FRAME_HEIGHTS[-1])


@require_GET
@xframe_options_exempt
@of_account
def hit_preview(request: HttpRequest, membership: Membership, hit_id: str) -> HttpResponse:
    """What a worker is asked, as a document of its own and of an origin of its own; only our pages may frame it."""
    return preview_document(request, _hit_of(membership, hit_id))
