"""One worker: the page, the record beside an answer, and what is written down about them."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from dashboard.access import back_to, of_account
from dashboard.models import Account, Membership, Role
from dashboard.numbers import whole
from dashboard.permissions import Denied
from dashboard.selections import named
from hits.models import Assignment, Batch
from workers import actions
from workers.models import (
    BatchTimes,
    BonusPayment,
    MessageRecipient,
    SoftBlock,
    Worker,
    WorkerBatch,
    WorkerBlock,
    WorkerNote,
    WorkerTag,
)
from workers.views import evidence
from workers.views.timeline import SHOWS, timeline

SHOWN_BATCHES, SHOWN_NOTES, SHOWN_BONUSES, SHOWN_OTHERS = 30, 5, 3, 4


def _known(account: Account, worker_id: str) -> Worker:
    """The worker's row; an empty one of somebody whose work is not counted yet, or who was only asked for, blocked or
    paid here and never worked; 404 where it can be nobody's id."""
    return _known_more(account, worker_id)[0]


def _known_more(account: Account, worker_id: str) -> tuple[Worker, bool, bool]:
    """As `_known`, with whether there are tags and whether messages: who has none is not asked for them."""
    row: Any = (
        Worker.objects.filter(account=account, worker_id=worker_id)
        .annotate(
            has_tags=Exists(WorkerTag.objects.filter(worker=OuterRef("pk"))),
            has_messages=Exists(MessageRecipient.objects.filter(account=account, worker_id=worker_id)),
        )
        .first()
    )
    if row is not None:
        return row, row.has_tags, row.has_messages
    worked = Assignment.objects.of(account).filter(worker_id=worker_id)
    if not actions.WORKER_ID.fullmatch(worker_id) and not worked.exists():
        raise Http404("That is nobody's id.")
    return Worker(account=account, worker_id=worker_id), False, False


@require_GET
@vary_on_headers("HX-Request")
@of_account
def worker(request: HttpRequest, membership: Membership, worker_id: str) -> HttpResponse:
    """All that is known here of one worker."""
    account = membership.account
    person, has_tags, _ = _known_more(account, worker_id)
    show = request.GET.get("show", "") if request.GET.get("show", "") in SHOWS else ""
    events = timeline(account, worker_id, show=show, cursor=request.GET.get("after", ""))
    url = reverse("worker", args=[account.slug, worker_id])
    context: dict[str, Any] = {
        "worker": person,
        "tags": list(person.tags.all()) if has_tags else [],
        "timeline": events,
        "first_page": "after" not in request.GET,
        "shows": [
            {"label": words, "url": f"{url}?{urlencode({'show': value})}" if value else url, "on": value == show}
            for value, words in SHOWS.items()
        ],
        "can_act": membership.role >= Role.REVIEWER,
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "workers/worker.html#timeline", context)
    found = evidence.weeks(account, worker_id)
    done = WorkerBatch.objects.filter(worker=person.pk or 0).select_related("batch__times").order_by("-last_at")
    batches = list(done[:SHOWN_BATCHES])
    context |= {
        "bars": evidence.bars(found),
        "weeks": [week for week in reversed(found) if week["answers"]],
        "batches": batches,
        "soft_blocks": _soft_blocks(account, worker_id),
        "block": WorkerBlock.objects.of(account).filter(worker_id=worker_id).select_related("command").first(),
        "block_on_its_way": actions.waiting_blocks(account, [worker_id]).get(worker_id),
        "tags_in_use": WorkerTag.in_use(account),
        "paid_assignment": Assignment.objects.of(account)
        .filter(worker_id=worker_id, gone_at=None)
        .order_by("-submitted_at")
        .values_list("assignment_id", flat=True)
        .first(),
        "own_batches": [row.batch for row in batches[:10]],
    }
    return render(request, "workers/worker.html", context)


def _soft_blocks(account: Account, worker_id: str) -> Any:
    rows = SoftBlock.objects.of(account).standing().filter(worker_id=worker_id)
    return rows.select_related("batch", "hit_type", "made_by").order_by("-made_at")


# --- beside an answer -----------------------------------------------------------------------------------------------


@require_GET
@vary_on_headers("HX-Request")
@of_account
def worker_record(request: HttpRequest, membership: Membership, worker_id: str) -> HttpResponse:
    """A worker's record: a fragment in the workbench, where `assignment` says beside which answer it stands."""
    return _record(request, membership, worker_id, named(request.GET, "assignment"))


def _record(
    request: HttpRequest,
    membership: Membership,
    worker_id: str,
    assignment_id: str,
    *,
    error: str = "",
    typed: str = "",
) -> HttpResponse:
    account = membership.account
    person, has_tags, has_messages = _known_more(account, worker_id)
    current: Assignment | None = None
    if assignment_id:
        rows = (
            Assignment.objects.of(account)
            .select_related("hit", "batch")
            .defer("raw", "answer", "hit__raw", "hit__question")
        )
        current = rows.filter(assignment_id=assignment_id, worker_id=worker_id).first()
    others = Assignment.objects.of(account).filter(worker_id=worker_id).select_related("verdict")
    if current is not None:
        others = others.exclude(pk=current.pk)
    blocks = list(_soft_blocks(account, worker_id)) if person.soft_blocked else []
    context = {
        "worker": person,
        "worker_id": worker_id,
        "tags": list(person.tags.all()) if has_tags else [],
        "assignment": current,
        "typical_of_batch": BatchTimes.objects.filter(batch=current.batch_id).first() if current else None,
        "bonuses": BonusPayment.objects.filter(account=account, worker_id=worker_id)[:SHOWN_BONUSES]
        if person.bonus_count
        else [],
        "notes": WorkerNote.objects.filter(account=account, worker_id=worker_id).select_related("made_by")[:SHOWN_NOTES]
        if person.note_count
        else [],
        "soft_blocks": [(block, current is not None and _concerns(block, current)) for block in blocks],
        "others": others.defer("raw").order_by("-submitted_at")[:SHOWN_OTHERS],
        "again": evidence.again(current) if current else [],
        "message": MessageRecipient.objects.filter(account=account, worker_id=worker_id)
        .select_related("message")
        .order_by("-made_at")
        .first()
        if has_messages
        else None,
        "can_act": membership.role >= Role.REVIEWER,
        "error": error,
        "typed": typed,
    }
    part = "#record" if request.htmx else ""  # type: ignore[attr-defined]
    return render(request, f"workers/record.html{part}", context, status=422 if error else 200)


def _concerns(block: SoftBlock, assignment: Assignment) -> bool:
    if block.batch_id is not None:
        return block.batch_id == assignment.batch_id
    return block.hit_type_id is None or block.hit_type_id == assignment.hit.hit_type_id


@require_POST
@of_account
def worker_write(request: HttpRequest, membership: Membership, worker_id: str) -> HttpResponse:
    """note, tag, untag, soft_block or lift: answers the record beside an answer, or the page it came from."""
    account, by, post = membership.account, membership.user, request.POST
    action, assignment_id = post.get("action", ""), post.get("assignment", "")
    _known(account, worker_id)
    error = words = ""
    try:
        if action == "note":
            actions.add_note(account=account, worker_id=worker_id, by=by, text=post.get("text", ""))
            words = "Noted."
        elif action == "tag":
            actions.tag(account=account, worker_ids=[worker_id], by=by, name=post.get("tag", ""))
        elif action == "untag":
            actions.untag(account=account, worker_ids=[worker_id], by=by, name=post.get("tag", ""))
        elif action == "soft_block":
            words = _soft_block(membership, worker_id, post)
        elif action == "lift":
            rows = SoftBlock.objects.of(account).select_related("account", "batch", "hit_type")
            chosen = get_object_or_404(rows, pk=whole(post.get("block", "")), worker_id=worker_id)
            actions.lift_soft_block(block=chosen, by=by)
            words = "Lifted."
        else:
            raise Denied("This page was out of date. Try again.")
    except Denied as reason:
        error = str(reason)
    if request.htmx:  # type: ignore[attr-defined]
        typed = (post.get("text") or post.get("reason") or "") if error else ""
        return _record(request, membership, worker_id, assignment_id, error=error, typed=typed)
    if error:
        messages.error(request, error)
    elif words:
        messages.success(request, words)
    return redirect(back_to(request, reverse("worker", args=[account.slug, worker_id])))


def _soft_block(membership: Membership, worker_id: str, post: Any) -> str:
    account, extent = membership.account, post.get("extent", "")
    batch = None
    if extent.startswith("batch:"):
        batch = Batch.objects.filter(account=account, pk=whole(extent.removeprefix("batch:")) or 0).first()
        if batch is None:
            raise Denied("There is no such batch in this account.")
    new = actions.soft_block(
        account=account, worker_ids=[worker_id], by=membership.user, reason=post.get("reason", ""), batch=batch
    )
    if not new:
        raise Denied("This worker is soft blocked to that extent already.")
    return f"Soft blocked {new[0].extent}. Later answers are marked at review."


@require_GET
@of_account
def worker_similar(request: HttpRequest, membership: Membership, worker_id: str) -> HttpResponse:
    """Who else answers like this worker, with the answers themselves: hints, and what they are made of."""
    account = membership.account
    context = {
        "worker": _known(account, worker_id),
        "same_texts": evidence.same_texts(account, worker_id),
        "same_moments": evidence.same_moments(account, worker_id),
    }
    part = "#similar" if request.htmx else ""  # type: ignore[attr-defined]
    return render(request, f"workers/similar.html{part}", context)
