"""Messages: what was sent to whom, one more, and what came of it for each."""

import uuid
from collections.abc import Iterator
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from dashboard import csv_files, jobs
from dashboard.access import of_account
from dashboard.models import Command, Membership, Role, State
from dashboard.pages import page
from dashboard.permissions import Denied
from hits.models import ReasonTemplate
from workers import text
from workers.actions.messages import BULK, check_length, send_message
from workers.commands import MOST_AT_ONCE
from workers.forms.messages import MessageForm
from workers.forms.whom import MOST_IDS, Whom, note_strangers, pasted, whom
from workers.jobs.messages import BulkMessage, letter
from workers.models import SUBJECT_LONGEST, TEXT_LONGEST, Message, MessageRecipient, Worker

SHOWN_LETTERS = 3
#: Workers that the page looks at before anything is sent; all are looked at when it is.
LOOKED_AT = 20_000
STRANGER = "{worker_id} never worked here, so MTurk would not write to them."
Outcome = MessageRecipient.Outcome
#: What a page says of an outcome, and what it means for whoever sent the message.
OUTCOMES = {
    Outcome.SENT: "Sent: MTurk took it. Whether it was read, nobody knows.",
    Outcome.WAITING: "On its way.",
    Outcome.REFUSED: "Not sent: the call was refused or taken back. They can be written to again.",
    Outcome.SOFT: "Could not be sent: MTurk failed for this worker; trying again may help.",
    Outcome.HARD: "Cannot be sent: MTurk does not write to this worker, mostly because nothing of theirs was decided.",
}


@require_GET
@of_account
def messages(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Every message of the account, newest first."""
    rows = Message.objects.filter(account=membership.account).select_related("made_by", "job")
    shown = page(rows, request.GET, column="made_at", descending=True)
    counts: dict[Any, dict[str, int]] = {}
    counted = MessageRecipient.objects.filter(message__in=shown.items).order_by().values_list("message", "outcome")
    for key, outcome, count in counted.annotate(Count("pk")):
        counts.setdefault(key, {})[outcome] = count
    item: Any
    for item in shown.items:
        item.counts = counts.get(item.pk, {})
        item.failures = sum(item.counts.get(name, 0) for name in (Outcome.REFUSED, Outcome.SOFT, Outcome.HARD))
    return render(request, "workers/messages.html", {"page": shown, "can_act": membership.role >= Role.REVIEWER})


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@of_account
def message_new(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Write to one worker or to many. `preview` shows what each would read, and sends nothing."""
    account, post = membership.account, request.method == "POST"
    chosen = _chosen(request, membership)
    form = MessageForm(request.POST) if post else MessageForm(initial={"form_key": uuid.uuid4()})
    batch = chosen.batch(account)
    batch_name = str(batch) if batch is not None else ""
    sending = post and request.POST.get("action") == "send"
    if sending and form.is_valid():
        said = form.cleaned_data
        try:
            if chosen.filters is None and not chosen.ids:
                raise Denied("Say to whom: paste one worker id or several.")
            sent = send_message(
                account=account, by=membership.user, selection=chosen.selection, subject=said["subject"],
                words=said["text"], batch=batch_name, form_key=said["form_key"],
            )  # fmt: skip
            return redirect("message", account.slug, sent.pk)
        except Denied as reason:
            form.add_error(None, str(reason))
    note_strangers(chosen, account, STRANGER)
    ahead = _ahead(membership, chosen, form, batch_name)
    context = {
        "form": form,
        "whom": chosen,
        "ids_text": request.POST.get("ids", "") if post else " ".join(chosen.ids),
        "words": chosen.words(batch),
        "templates": ReasonTemplate.objects.filter(account=account, use=ReasonTemplate.Use.MESSAGE),
        "subject_longest": SUBJECT_LONGEST,
        "text_longest": TEXT_LONGEST,
        "can_act": membership.role >= Role.REVIEWER,
        "form_key": request.POST.get("form_key") or uuid.uuid4(),
        **ahead,
    }
    part = "#ahead" if request.htmx and not sending else ""  # type: ignore[attr-defined]
    status = 422 if sending or (post and form.errors and not part) else 200
    return render(request, f"workers/message_new.html{part}", context, status=status)


def _chosen(request: HttpRequest, membership: Membership) -> Whom:
    """Ids or filters; or everybody whom an earlier message did not reach."""
    if request.method == "POST":
        return whom(request.POST)
    earlier = request.GET.get("unreached", "")
    if not earlier:
        return whom(request.GET)
    try:
        key = uuid.UUID(earlier)
    except ValueError:
        return Whom()
    rows = MessageRecipient.objects.filter(
        account=membership.account, message=key, outcome__in=[Outcome.REFUSED, Outcome.SOFT]
    )
    return pasted(" ".join(rows.values_list("worker_id", flat=True)[:MOST_IDS]))


def _ahead(membership: Membership, chosen: Whom, form: MessageForm, batch_name: str) -> dict[str, Any]:
    """What sending would do, for how many of the first LOOKED_AT, how many calls at least, and the first letters."""
    account = membership.account
    if chosen.filters is None and not chosen.ids:
        return {"ahead": None}
    valid = form.is_bound and form.is_valid()
    said = {"subject": form.cleaned_data["subject"], "text": form.cleaned_data["text"]} if valid else {}
    bulk = BulkMessage()
    named = bulk.select(account, chosen.selection).order_by("pk").values_list("pk", flat=True)
    beyond = named[LOOKED_AT : LOOKED_AT + 1].first()
    selection = chosen.selection if beyond is None else {**chosen.selection, "until": beyond - 1}
    ahead = jobs.look_ahead(BULK, account=account, selection=selection, options=said)
    letters: list[dict[str, Any]] = []
    if valid:
        rows: Any = bulk.select(account, selection)
        if beyond is not None:
            rows = rows.filter(pk__lt=beyond)
        for condition, _ in bulk.refusals(said):
            rows = rows.exclude(condition)
        for row in bulk.for_work(rows).order_by("pk")[:SHOWN_LETTERS]:
            letters.append(_letter(row, {**said, "batch": batch_name}))
    together = valid and text.same_for_all(said["subject"], said["text"])
    return {
        "ahead": ahead,
        "letters": letters,
        "looked_at": LOOKED_AT if beyond is not None else None,
        "calls": -(-ahead.count // MOST_AT_ONCE) if together and beyond is None else None,
    }


def _letter(worker: Worker, options: dict[str, Any]) -> dict[str, Any]:
    subject, words = letter(worker, options)
    problem = ""
    try:
        check_length(subject, words)
    except Denied as reason:
        problem = str(reason)
    return {"worker_id": worker.worker_id, "subject": subject, "text": words, "problem": problem}


@require_GET
@vary_on_headers("HX-Request")
@of_account
def message(request: HttpRequest, membership: Membership, message_id: uuid.UUID) -> HttpResponse:
    """One message: its words, how far it is, and what came of it for each worker."""
    account = membership.account
    shown = get_object_or_404(Message.objects.select_related("made_by", "job"), account=account, pk=message_id)
    rows = MessageRecipient.objects.filter(message=shown).select_related("command").defer(
        "command__params", "command__response"
    )  # fmt: skip
    counts = dict(rows.order_by().values_list("outcome").annotate(Count("pk")))
    chosen = request.GET.get("outcome", "")
    if chosen in Outcome.values:
        rows = rows.filter(outcome=chosen)
    recipients = page(rows, QueryDict(request.GET.urlencode()), column="id")
    calls = dict(Command.objects.filter(job=shown.job).order_by().values_list("state").annotate(Count("pk")))
    moving = shown.job is not None and shown.job.state in ("preparing", "running")
    context = {
        "message": shown,
        "filled_in": not text.same_for_all(shown.subject, shown.text),
        "page": recipients,
        "chips": [
            {"value": "", "label": "All", "count": sum(counts.values()), "on": not chosen},
            *(
                {"value": value, "label": str(label).capitalize(), "count": counts[value], "on": chosen == value}
                for value, label in Outcome.choices
                if value in counts
            ),
        ],
        "meanings": [OUTCOMES[Outcome(value)] for value in OUTCOMES if value in counts],
        "progress": jobs.progress(shown.job) if shown.job else None,
        "total": sum(counts.values()),
        "settled": sum(count for value, count in counts.items() if value != Outcome.WAITING),
        "attention": Command.objects.filter(job=shown.job, state=State.ATTENTION)[:20] if shown.job else [],
        "unreached": counts.get(Outcome.REFUSED, 0) + counts.get(Outcome.SOFT, 0),
        "calls": sum(calls.values()),
        "moving": moving,
        "can_act": membership.role >= Role.REVIEWER,
    }
    part = "#outcome" if request.htmx else ""  # type: ignore[attr-defined]
    return render(request, f"workers/message.html{part}", context)


@require_GET
@of_account
def message_outcome(request: HttpRequest, membership: Membership, message_id: uuid.UUID) -> HttpResponse:
    """What came of a message for each worker, as CSV."""
    shown = get_object_or_404(Message, account=membership.account, pk=message_id)
    rows = MessageRecipient.objects.filter(message=shown).select_related("command").order_by("pk")

    def lines() -> Iterator[list[str]]:
        yield ["WorkerId", "outcome", "why", "sent_at"]
        for row in rows.iterator(chunk_size=1000):
            sent = row.command.settled_at if row.command and row.outcome == Outcome.SENT else None
            yield [row.worker_id, row.get_outcome_display(), row.why, sent.isoformat() if sent else ""]

    response: HttpResponse = csv_files.download(f"message-{shown.pk}.csv", csv_files.lines(lines()))
    return response
