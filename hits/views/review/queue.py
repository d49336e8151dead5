"""The queue: a table to choose from, and decisions about the ticked rows of a page."""

import uuid
from functools import lru_cache
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from dashboard.access import of_account
from dashboard.models import Membership, Role
from dashboard.moulds import Moulds
from dashboard.permissions import Denied
from dashboard.selections import ticked
from dashboard.shortcuts import keys_of
from hits import actions
from hits.actions.reasons import reasons_of
from hits.forms import STATUSES, DecideManyForm, QueueFilter
from hits.models import WINDOW, Assignment, Batch, ReasonTemplate
from hits.views.review.looking import look
from hits.views.rows import rows_of

#: Of a filter's value in the URL; what is longer is refused by every field anyway.
_LONGEST = 300


@require_GET
@vary_on_headers("HX-Request")
@of_account
def queue(request: HttpRequest, membership: Membership) -> HttpResponse:
    account, query = membership.account, request.GET
    looking = look(membership, query)
    chosen = looking.chosen
    shown, further = looking.page(query)
    rows = rows_of(membership, looking.text, shown.items)
    batch = rows[0]["batch"] if rows else ""
    if "batch" in chosen and not rows:
        batch = Batch.objects.filter(account=account, pk=chosen["batch"]).first()
    labels = looking.filters.labels(batch)
    only_page = "after" not in query and "before" not in query and not shown.older_url
    url = reverse("queue", args=[account.slug])

    def link(**changes: str) -> str:
        kept = {name: value for name, value in looking.pairs if name not in changes}
        return f"{url}?{urlencode({**kept, **{name: value for name, value in changes.items() if value}})}"

    # A page that is the only one counts itself.
    count = len(shown.items) if only_page else looking.count()
    context = {
        "page": shown,
        "count": count,
        "further": further,
        "window": WINDOW,
        "status_chips": [
            {"label": words, "url": link(status=value), "on": value == chosen["status"]}
            for value, words in STATUSES.items()
        ],
        "active_filters": [{"label": words, "remove_url": link(**{name: ""})} for name, words in labels.items()],
        "filter_fields": _fields(tuple(query.get(name, "")[:_LONGEST] for name in QueueFilter.base_fields)),
        "sorts": [
            {"value": value, "label": sort[0], "on": value == chosen["sort"]}
            for value, sort in looking.filters.sorts().items()
        ],
        "sort": chosen["sort"],
        "status": chosen["status"],
        "query": looking.text,
        "query_pairs": looking.pairs,
        "form_key": uuid.uuid4(),
        "can_decide": membership.role >= Role.REVIEWER,
        "reasons": [row for row in reasons_of(account) if row.use == ReasonTemplate.Use.REJECT] if shown.items else [],
    }
    if chosen.keys() <= {"status", "sort"} and chosen["status"] == "waiting":
        context["review_count"] = count  # the menu's number is this very one
    moulds = _moulds(request, membership, looking.text)
    context |= {"rows": [moulds.cast(row) for row in rows], "csrf_token": moulds.token}
    return render(request, "hits/queue.html", context)


@lru_cache(maxsize=200)
def _fields(values: tuple[str, ...]) -> SafeString:
    """The fields of the filter form, with what is wrong beside each: drawing them took half the time of the page."""
    form = QueueFilter(QueryDict(urlencode(list(zip(QueueFilter.base_fields, values, strict=True)))))
    return render_to_string("includes/fields.html", {"form": form})


def row(request: HttpRequest, membership: Membership, assignment_id: str, error: str = "") -> HttpResponse:
    query = QueryDict(request.POST.get("query", "")).urlencode()
    rows = Assignment.objects.of(membership.account).for_rows()
    found = rows_of(membership, query, [get_object_or_404(rows, assignment_id=assignment_id)])
    if not error:
        return HttpResponse(_moulds(request, membership, query).cast(found[0]))
    context = {"row": found[0], "query": query, "row_error": error}
    return render(request, "hits/queue.html#row", context)


def _moulds(request: HttpRequest, membership: Membership, query: str) -> Moulds:
    return Moulds("hits/queue.html#row", {"query": query, "keys": keys_of(membership.user)}, request)


@require_POST
@of_account
def decide_many(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Approve or reject the ticked rows, in one transaction; what could not be decided is named."""
    back = reverse("queue", args=[membership.account.slug])
    if query := request.POST.get("query", ""):
        back = f"{back}?{QueryDict(query).urlencode()}"
    form = DecideManyForm(request.POST)
    chosen = ticked(request.POST, "assignment")
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
