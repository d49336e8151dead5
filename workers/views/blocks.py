"""Blocks: those that stand, what is to be looked at again, one more, and a file of them."""

import uuid
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard import csv_files, jobs
from dashboard.access import back_to, of_account
from dashboard.models import Membership, Role
from dashboard.numbers import whole
from dashboard.pages import page
from dashboard.permissions import Denied, block_needs_release
from dashboard.selections import named, ticked
from workers import actions
from workers.forms.blocks import BlockForm, UntilForm
from workers.forms.whom import note_strangers, whom
from workers.models import SoftBlock, Worker, WorkerBlock, begins

COUNT_TO = 1001
MOST_DUE = 50
KINDS = {"hard": "Blocked at MTurk", "soft": "Soft", "due": "To look at again"}


@require_GET
@of_account
def blocks(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Who is blocked and why; hard ones as MTurk lists them, soft ones as we keep them."""
    account, kind = membership.account, request.GET.get("kind", "hard")
    kind = kind if kind in KINDS else "hard"
    beginning = request.GET.get("q", "").replace("\0", "").strip().upper()[:64]
    hard, soft = WorkerBlock.objects.of(account), SoftBlock.objects.of(account)
    soft = soft.select_related("batch", "hit_type", "made_by")
    counts = {
        "hard": hard.standing()[:COUNT_TO].count(),
        "soft": soft.standing()[:COUNT_TO].count(),
        "due": hard.due()[:COUNT_TO].count() + soft.due()[:COUNT_TO].count(),
    }
    url = reverse("blocks", args=[account.slug])
    context: dict[str, Any] = {
        "kind": kind,
        "q": beginning,
        "status_chips": [
            {"label": label, "count": counts[name], "url": f"{url}?kind={name}", "on": name == kind}
            for name, label in KINDS.items()
        ],
        "can_act": membership.role >= Role.REVIEWER,
        "now": timezone.now(),
        "form_key": uuid.uuid4(),
        "page": None,
        "needs_release": account.release_blocks,
    }
    shown: Any
    if kind == "due":
        shown = [*_with_names(hard.due())[:MOST_DUE]]
        context["soft_blocks"] = list(soft.due()[:MOST_DUE])
    else:
        rows: Any
        rows, column = (_with_names(hard.standing()), "blocked_at") if kind == "hard" else (soft.standing(), "made_at")
        if beginning:
            rows = rows.filter(begins("worker_id", beginning))
        context["page"] = page(rows, request.GET, column=column, descending=True)
        shown = context["page"].items
        context["soft_blocks"] = shown if kind == "soft" else []
    context["hard_blocks"] = shown if kind != "soft" else []
    on_their_way = actions.waiting_blocks(account, [row.worker_id for row in context["hard_blocks"]])
    for row in context["hard_blocks"]:
        row.change = on_their_way.get(row.worker_id)
    return render(request, "workers/blocks.html", context)


def _with_names(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_related("command__requested_by", "until_by")


@require_http_methods(["GET", "POST"])
@of_account
def block_new(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Block one worker or many: what it does to a person stands before the button."""
    account, post = membership.account, request.method == "POST"
    chosen = whom(request.POST if post else request.GET)
    form = BlockForm(request.POST if post else None, initial={"form_key": uuid.uuid4()})
    if post and form.is_valid():
        said = form.cleaned_data
        try:
            if not chosen.ids and chosen.filters is None:
                raise Denied("Say whom: paste one worker id or several.")
            if len(chosen.ids) == 1:
                command = actions.block(
                    account=account, worker_id=chosen.ids[0], by=membership.user, reason=said["reason"],
                    until=said["until"], form_key=said["form_key"],
                )  # fmt: skip
                words = "waits for release" if command.state == "proposed" else "is on its way"
                messages.success(request, f"The block of {command.worker_id} {words}.")
                return redirect(reverse("worker", args=[account.slug, command.worker_id]))
            if chosen.ids:
                Worker.objects.make_known(account, chosen.ids)
            until = said["until"].isoformat() if said["until"] else ""
            job = jobs.ask(
                "block", account=account, by=membership.user, selection=chosen.selection,
                options={"reason": said["reason"], "until": until}, form_key=said["form_key"],
            )  # fmt: skip
            return redirect("job", account.slug, job.pk)
        except Denied as reason:
            form.add_error(None, str(reason))
    note_strangers(chosen, account, "{worker_id} never worked here. A block works all the same.")
    count = len(chosen.ids) if chosen.filters is None else _count(membership, chosen.selection)
    context = {
        "form": form,
        "whom": chosen,
        "ids_text": request.POST.get("ids", "") if post else " ".join(chosen.ids),
        "words": chosen.words(chosen.batch(account)),
        "count": count,
        "people": _shown(membership, chosen.ids),
        "needs_release": block_needs_release(membership.user, account),
        "can_act": membership.role >= Role.REVIEWER,
    }
    return render(request, "workers/block_new.html", context, status=422 if post else 200)


def _count(membership: Membership, selection: dict[str, Any]) -> int:
    rows = Worker.objects.of(membership.account).selected(selection).filter(blocked=False)
    return int(rows[:COUNT_TO].count())


def _shown(membership: Membership, ids: list[str]) -> list[Worker]:
    return list(Worker.objects.of(membership.account).filter(worker_id__in=ids[:20]).order_by("worker_id"))


@require_POST
@of_account
def block_act(request: HttpRequest, membership: Membership) -> HttpResponse:
    """unblock (one or the ticked ones), until (of a hard block), lift (a soft one)."""
    account, by, action = membership.account, membership.user, request.POST.get("action", "")
    back = back_to(request, reverse("blocks", args=[account.slug]))
    try:
        if action == "unblock":
            words = _unblock(request, membership)
        elif action == "until":
            form = UntilForm(request.POST)
            if not form.is_valid():
                raise Denied(" ".join(str(error) for errors in form.errors.values() for error in errors))
            rows = WorkerBlock.objects.of(account).standing().select_related("account")
            chosen = get_object_or_404(rows, worker_id=named(request.POST, "worker"))
            until = form.cleaned_data["until"]
            actions.set_until(block=chosen, by=by, until=until)
            words = f"Its lifting is proposed on {until:%-d %b %Y}." if until else "Nobody is reminded any more."
        elif action == "lift":
            rows_of_soft = SoftBlock.objects.of(account).select_related("account", "batch", "hit_type")
            block = get_object_or_404(rows_of_soft, pk=whole(request.POST.get("block", "")))
            actions.lift_soft_block(block=block, by=by)
            words = f"The soft block of {block.worker_id} is lifted."
        else:
            raise Denied("This page was out of date. Try again.")
    except Denied as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, words)
    return redirect(back)


def _unblock(request: HttpRequest, membership: Membership) -> str:
    account, by, ids = membership.account, membership.user, ticked(request.POST, "worker")
    if not ids:
        raise Denied("Tick the workers first.")
    if len(ids) == 1:
        actions.unblock(account=account, worker_id=ids[0], by=by)
        return f"{ids[0]} is being unblocked."
    job = jobs.ask("unblock", account=account, by=by, selection={"ids": ids}, options={})
    return f"{job.expected} are being unblocked; see Jobs."


# --- a file ----------------------------------------------------------------------------------------------------------


@require_GET
@of_account
def blocks_csv(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Hard blocks that stand or stood, in the columns of the Requester website's worker file, to be filled in and sent
    back as one (qualifications.views.scores)."""
    rows = WorkerBlock.objects.of(membership.account).exclude(blocked_at=None).order_by("pk")

    def lines() -> Iterator[list[str]]:
        yield ["WorkerId", "CURRENT BlockStatus", "UPDATE BlockStatus", "BlockReason"]
        for row in rows.iterator(chunk_size=1000):
            yield [row.worker_id, row.status, "", row.reason]

    response: HttpResponse = csv_files.download(f"blocks-{membership.account.slug}.csv", csv_files.lines(lines()))
    return response
