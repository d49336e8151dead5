"""The table of everybody who ever worked here, and what is done with a selection of them."""

import uuid
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from dashboard.access import of_account
from dashboard.models import Account, Membership, Role
from dashboard.moulds import Moulds
from dashboard.pages import ordering, page
from dashboard.permissions import Denied
from dashboard.selections import ticked
from dashboard.templatetags.formats import ago, capped, money
from hits.models import Batch
from workers import actions
from workers.forms.people import WORKER_SORTS, WORKER_STATUSES, WorkerFilter
from workers.models import CONDITIONS, Worker, WorkerTag
from workers.templatetags.people import known_percent, known_time, permille
from workers.views.address import WorkerAddress

COUNT_TO = 1001
#: Rows that are looked through for a count where no index gives it.
LOOKED_THROUGH = 2_000
#: Of a filter's value in the URL; what is longer is refused by every field anyway.
_LONGEST = 300


@require_GET
@of_account
def workers(request: HttpRequest, membership: Membership) -> HttpResponse:
    account, query = membership.account, request.GET
    filters = WorkerFilter(query)
    chosen = filters.chosen()
    column, descending, known = filters.order()
    frozen = filters.frozen()
    rows, count = Worker.objects.narrowed(account, frozen, order=column)
    if "after" not in query:  # a cursor bounds them already, and SQLite begins at the first bound it is given
        rows = rows.filter(**known)
    shown = page(rows.for_rows(), query, column=column, descending=descending)
    only_page = "after" not in query and "before" not in query and not shown.older_url
    if only_page:
        count = len(shown.items)
    elif count is None and not any(name in CONDITIONS for name in frozen):
        count = int(rows.order_by(column)[:COUNT_TO].count())
    batch = Batch.objects.filter(account=account, pk=chosen["batch"]).first() if "batch" in chosen else None
    pairs = [(name, str(value)) for name, value in chosen.items() if (name, value) != ("sort", "last")]
    url = reverse("workers", args=[account.slug])

    def link(**changes: str) -> str:
        kept = {name: value for name, value in pairs if name not in changes}
        return f"{url}?{urlencode({**kept, **{name: value for name, value in changes.items() if value}})}"

    context = {
        "page": shown,
        "count": capped(count)
        if count is not None
        else _at_least(account, frozen, column, descending=descending, shown=len(shown.items)),
        "status_chips": [
            {"label": words, "url": link(status=value), "on": value == chosen.get("status", "")}
            for value, words in WORKER_STATUSES.items()
        ],
        "active_filters": [
            {"label": words, "remove_url": link(**{name: ""})} for name, words in filters.labels(batch).items()
        ],
        "filter_fields": _fields(tuple(query.get(name, "")[:_LONGEST] for name in WorkerFilter.base_fields)),
        "find": query.get("q", "")[:_LONGEST],
        "sorts": [
            {"value": value, "label": sort[0], "on": value == chosen["sort"]} for value, sort in WORKER_SORTS.items()
        ],
        "query": urlencode(pairs),
        "query_pairs": pairs,
        "filtered": any(name != "sort" for name, _ in pairs),
        "can_act": membership.role >= Role.REVIEWER,
        "tags_in_use": WorkerTag.in_use(account),
        "form_key": uuid.uuid4(),
        "elsewhere": _elsewhere(account),
    }
    moulds = Moulds("workers/workers.html#row", {"can_act": context["can_act"]}, request)
    context |= {"rows": [moulds.cast(row) for row in _rows(account, shown.items)], "csrf_token": moulds.token}
    return render(request, "workers/workers.html", context)


@lru_cache(maxsize=200)
def _fields(values: tuple[str, ...]) -> SafeString:
    """The fields of the filter form, with what is wrong beside each."""
    form = WorkerFilter(QueryDict(urlencode(list(zip(WorkerFilter.base_fields, values, strict=True)))))
    return render_to_string("includes/fields.html", {"form": form})


def _at_least(account: Account, filters: dict[str, Any], column: str, *, descending: bool, shown: int) -> str:
    """Of several filters none of which leaves few: how many there are at least, from a look at the first rows."""
    first = Worker.objects.of(account).order_by(*ordering(column, descending=descending))[:LOOKED_THROUGH]
    found = Worker.objects.filter(pk__in=first.values("pk")).matching(filters).count()
    return f"{max(found, shown):,}+"


def _rows(account: Account, people: list[Any]) -> list[dict[str, Any]]:
    """Each worker (of `for_rows()`) as texts of the table's cells: addresses are written as `reverse` would."""
    page_url, queue = reverse("workers", args=[account.slug]), reverse("queue", args=[account.slug])
    address = WorkerAddress()
    rows = []
    for person in people:
        tags = [(f"{page_url}?{urlencode({'tag': tag.name})}", tag.name) for tag in person.tags_there]
        rows.append(
            {
                "id": person.worker_id,
                "url": f"{page_url}{address.to_url(person.worker_id)}/",
                "answers_url": f"{queue}?{urlencode({'worker': person.worker_id})}",
                "blocked": person.blocked,
                "soft_blocked": person.soft_blocked,
                "notes": str(person.note_count or ""),
                "tags": format_html_join("", ' <a class="tag" href="{}">{}</a>', tags) if tags else "",
                "answers": str(person.answers),
                "submitted": str(person.submitted or ""),
                "approved": str(person.approved),
                "rejected": str(person.rejected or ""),
                "rate": permille(person.approval),
                "takes": known_time(person.typical_seconds),
                "gold": known_percent(person.gold),
                "agrees": known_percent(person.agreement),
                "bonuses": money(person.bonus_total) if person.bonus_count else "",
                "seen": ago(person.last_at) if person.was_seen else "",
            }
        )
    return rows


def _elsewhere(account: Account) -> dict[str, str]:
    """Pages of other parts of the desk that take a selection of workers, where they are."""
    found = {}
    for name in ("grant_workers", "bonus_formula", "bonus_upload"):
        try:
            found[name] = reverse(name, args=[account.slug])
        except NoReverseMatch:
            continue
    return found


@require_POST
@of_account
def workers_act(request: HttpRequest, membership: Membership) -> HttpResponse:
    """tag, untag or soft-block those ticked or all that match; message and block lead on to a page of their own."""
    account, action = membership.account, request.POST.get("action", "")
    query = QueryDict(request.POST.get("query", ""))
    back = reverse("workers", args=[account.slug]) + (f"?{query.urlencode()}" if query else "")
    chosen = ticked(request.POST, "worker")
    everybody = request.POST.get("all") == "yes"
    if not chosen and not everybody:
        messages.error(request, "Tick the workers first.")
        return redirect(back)
    if action in ("message", "block"):
        whom = "filter=yes&" + query.urlencode() if everybody else urlencode({"ids": " ".join(chosen)})
        return redirect(reverse(f"{action}_new", args=[account.slug]) + f"?{whom}")
    if action in ("grant", "bonus"):
        return _lead_on(request, account, action, chosen, back)
    selection_of: dict[str, Any] = {"filter": WorkerFilter(query).frozen()} if everybody else {"ids": chosen}
    try:
        words = actions.act_on_many(
            action,
            account=account,
            selection=selection_of,
            by=membership.user,
            tag=request.POST.get("tag", ""),
            reason=request.POST.get("reason", ""),
        )
    except Denied as reason:
        messages.error(request, f"Nothing was changed. {reason}")
    else:
        messages.success(request, words)
    return redirect(back)


def _lead_on(request: HttpRequest, account: Account, action: str, chosen: list[str], back: str) -> HttpResponse:
    """To the page of another part of the desk that takes these workers."""
    there = _elsewhere(account)
    if action == "grant" and "grant_workers" in there:
        return redirect(f"{there['grant_workers']}?{urlencode([('worker', each) for each in chosen])}")
    if action == "bonus" and len(chosen) == 1 and "bonus_formula" in there:
        query = urlencode({"worker": chosen[0], "status": "all"})
        return redirect(f"{there['bonus_formula']}?{query}")
    if action == "bonus" and "bonus_upload" in there:
        words = "A bonus is paid for an answer. For several workers, upload a list of answers with amounts."
        messages.info(request, words)
        return redirect(there["bonus_upload"])
    messages.error(request, "There is no page for that here.")
    return redirect(back)
