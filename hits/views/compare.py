"""All answers of a HIT side by side: where they differ, what most of them say, and one decision for all."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from dashboard.access import of_account
from dashboard.models import Membership, Role
from dashboard.permissions import Denied, check_text_for_worker
from dashboard.selections import ticked
from hits.actions import majority
from hits.agreement import inputs_of
from hits.answers.agreement import FieldAgreement
from hits.answers.sources import Sources
from hits.answers.text import one_line
from hits.answers.values import compare as overlap_of
from hits.answers.values import is_blank, is_drawing
from hits.models import HIT, Assignment, AssignmentStatus, DataVerdict, ReasonTemplate
from hits.questions import question_words, read_question
from hits.views.values import shown_value

#: Columns of a page; of more answers the first are shown.
MOST_COLUMNS = 60
_SHORT_QUESTION, _MOST_PICTURES = 600, 4


@require_http_methods(["GET", "POST"])
@of_account
def compare(request: HttpRequest, membership: Membership, hit_id: str) -> HttpResponse:
    """GET: the page. POST: action=majority|approve|reject|undo, assignment (repeated, for reject), feedback."""
    hit = get_object_or_404(
        HIT.objects.of(membership.account).select_related("hit_type", "batch").defer("raw"), hit_id=hit_id
    )
    hit.account = membership.account
    if request.method == "POST":
        return _decide(request, membership, hit)
    return _page(request, membership, hit)


def _decide(request: HttpRequest, membership: Membership, hit: HIT) -> HttpResponse:
    by, action = membership.user, request.POST.get("action", "")
    try:
        if action == "undo":
            return _undo(request, membership, hit)
        if action == "majority":
            _, done = majority.take_majority(hit=hit, by=by)
            words = f"Approving {len(done.commands)}; what most said is taken as data."
        elif action == "approve":
            waiting = Assignment.objects.filter(hit=hit).awaiting_review().order_by("pk")
            chosen = list(waiting.values_list("assignment_id", flat=True)[: majority.MOST_TOGETHER + 1])
            _, done = majority.decide_hit(hit=hit, by=by, verdict="approve", assignment_ids=chosen)
            words = f"Approving {len(done.commands)}."
        elif action == "reject":
            chosen = ticked(request.POST, "assignment")
            if not chosen:
                raise Denied("Tick the answers to reject first.")
            feedback = check_text_for_worker(request.POST.get("feedback", ""))
            _, done = majority.decide_hit(hit=hit, by=by, verdict="reject", assignment_ids=chosen, feedback=feedback)
            words = f"Rejecting {len(done.commands)}."
        else:
            raise Denied("Choose what to do with these answers.")
    except Denied as reason:
        return _page(request, membership, hit, error=str(reason), status=422)
    cost = sum((command.amount + command.fee for command in done.commands), Decimal(0))
    messages.success(request, words + (f" It costs ${cost:,.2f}, fees included." if cost else ""))
    for assignment_id, sentence in list(done.refused.items())[:5]:
        messages.error(request, f"{assignment_id}: {sentence}")
    further = _neighbour(hit, "pk__gt", "pk") if action != "reject" else None
    return redirect("compare", membership.account.slug, (further or hit).hit_id)


def _undo(request: HttpRequest, membership: Membership, hit: HIT) -> HttpResponse:
    taken = majority.last_taken(account=membership.account, by=membership.user)
    if taken is None:
        raise Denied("There is nothing that could still be undone.")
    late = majority.undo(taken=taken, by=membership.user)
    if late:
        messages.error(request, f"{late} of the decisions were sent already. The others are taken back.")
    else:
        messages.success(request, "Undone.")
    return redirect("compare", membership.account.slug, taken.hit.hit_id)


def _neighbour(hit: HIT, side: str, order: str) -> HIT | None:
    """The nearest HIT of the batch with an answer that waits."""
    waiting = Assignment.objects.awaiting_review().filter(hit=OuterRef("pk"))
    near = HIT.objects.filter(Exists(waiting), batch=hit.batch_id, max_assignments__gt=1, **{side: hit.pk})
    return near.order_by(order).only("hit_id").first()


def _page(
    request: HttpRequest, membership: Membership, hit: HIT, *, error: str = "", status: int = 200
) -> HttpResponse:
    its_own = Assignment.objects.filter(hit=hit).select_related("verdict").defer("raw").order_by("submitted_at", "pk")
    found = list(its_own[: MOST_COLUMNS + 1])
    rows, more = found[:MOST_COLUMNS], len(found) > MOST_COLUMNS
    said, agreement = majority.compared(hit, rows)
    question, asked = read_question(hit.question), question_words(hit.question)
    sources = Sources(question, inputs_of([hit.pk]).get(hit.pk, {}))
    only_apart = request.GET.get("only") == "apart"
    fields, blank = [], 0
    for field in agreement.fields:
        given = [answer.get(field.name) for answer in said]
        if all(map(is_blank, given)) and not any(map(is_drawing, given)):
            blank += 1
        elif not only_apart or field.agreement < 1:
            fields.append(_field(field, given, [row.worker_id for row in rows], sources))
    may_decide = membership.role >= Role.REVIEWER
    waiting = [row for row in rows if row.status == AssignmentStatus.SUBMITTED and row.verdict_id is None]
    waiting = [row for row in waiting if row.gone_at is None]
    can_decide = {row.pk for row in waiting} if may_decide else set()
    verdicts = majority.data_verdicts(rows, said, agreement)
    for number, (row, percent) in enumerate(zip(rows, agreement.percents, strict=True), 1):
        row.account = membership.account
        column: Any = row
        column.number, column.percent, column.can_decide = number, percent, row.pk in can_decide
        column.ticked = row.assignment_id in request.POST.getlist("assignment")
    queue = reverse("queue", args=[membership.account.slug])
    undo = majority.last_taken(account=membership.account, by=membership.user) if may_decide else None
    context = {
        "hit": hit,
        "rows": rows,
        "more": more,
        "fields": fields,
        "drawings": any(field["drawing"] for field in fields),
        "asked": asked,
        "asked_open": len(asked) <= _SHORT_QUESTION,
        "pictures": pictures_beside(question.images, fields),
        "blank": blank,
        "only_apart": only_apart,
        "apart_url": "?" + urlencode({"only": "apart"}),
        "percents": [percent for percent in agreement.percents if percent is not None],
        "mean": _mean(agreement.percents),
        "can_decide": may_decide,
        "waiting": len(waiting),
        "cost": (hit.reward + hit.fee) * len(waiting),
        "usable": verdicts.count(DataVerdict.USABLE),
        "unusable": verdicts.count(DataVerdict.UNUSABLE),
        "unsure": verdicts.count(DataVerdict.UNSURE),
        "can_take": may_decide and bool(waiting or verdicts.of),
        "next": _neighbour(hit, "pk__gt", "pk"),
        "previous": _neighbour(hit, "pk__lt", "-pk"),
        "undo": undo,
        "undo_until": majority.undo_until(undo) if undo else None,
        "reasons": ReasonTemplate.objects.filter(account=membership.account, use="reject")[:20],
        "feedback": request.POST.get("feedback", "") if error else "",
        "error": error,
        "queue_url": f"{queue}?{urlencode({'hit': hit.hit_id, 'status': 'all'})}",
    }
    return render(request, "hits/compare.html", context, status=status)


def pictures_beside(images: tuple[str, ...], fields: list[dict[str, Any]]) -> list[str]:
    """Pictures of the task that no answer is drawn on."""
    values = [cell["value"] for field in fields for cell in field["cells"][:1]]
    drawn = {value["picture"].url for value in values if "picture" in value}
    return [url for url in images if url not in drawn and "${" not in url][:_MOST_PICTURES]


def _mean(percents: tuple[int | None, ...]) -> int | None:
    known = [percent for percent in percents if percent is not None]
    return round(sum(known) / len(known)) if known else None


def _field(field: FieldAgreement, given: list[Any], workers: list[str], sources: Sources) -> dict[str, Any]:
    """A row of the page: the question, what most said, and a cell for each worker."""
    label = one_line(sources.label(field.name), 200) or one_line(field.name, 160)
    split = not field.is_decided and len(given) > 1
    cells = []
    for value, agreement, worker in zip(given, field.each, workers, strict=True):
        cell: dict[str, Any] = {
            "who": worker,
            "value": shown_value(value, field.name, sources),
            "stands": "",
            "overlap": None,
        }
        if len(given) > 1 and field.counted:
            cell["stands"] = "split" if split else ("agrees" if field.agrees(value) else "differs")
        if field.drawing and len(given) > 1:
            against = overlap_of(value, field.majority) if field.is_decided else agreement
            cell["overlap"] = round(100 * against)
        cells.append(cell)
    return {
        "name": field.name,
        "label": label,
        "percent": round(100 * field.agreement) if len(given) > 1 and field.counted else None,
        "majority": shown_value(field.majority, field.name, sources) if field.is_decided else None,
        "most": field.most,
        "total": field.total,
        "alone": len(given) == 1,
        "drawing": field.drawing,
        "free": not field.counted,
        "cells": cells,
    }
