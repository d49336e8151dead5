"""Who holds what: the list of a type, changes of one worker or of many, and the lists by which many are changed."""

import uuid
from collections.abc import Iterator
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard import csv_files, selections
from dashboard.access import of_account
from dashboard.context import COUNT_TO
from dashboard.models import OPEN_STATES, Command, Job, Membership, Role, State
from dashboard.old_lists import KEPT
from dashboard.pages import page
from dashboard.permissions import Denied
from dashboard.templatetags.formats import capped
from qualifications import worker_csv
from qualifications.actions import scores as acts
from qualifications.forms.scores import (
    SORTS,
    STATUSES,
    FileForm,
    OneForm,
    PasteForm,
    ScoreFilter,
    SelectionForm,
    SheetFilter,
    scores_sort,
)
from qualifications.models import Line, QualificationType, Score, Sheet, score_key

SHOWN_SHEETS = 20
MOST_TICKED = 1000
# Filters, one worker and many stand on one page and have fields of the same names.
_ONE, _PASTE = "one_%s", "paste_%s"
_NOT_DONE = (State.FAILED, State.CANCELLED, State.DECLINED)


def _type_of(membership: Membership, type_id: str) -> QualificationType:
    kind = get_object_or_404(
        QualificationType.objects.of(membership.account).own().defer("test", "answer_key", "raw"),
        qualification_type_id=type_id,
    )
    kind.account = membership.account
    return kind


@require_GET
@of_account
def scores(request: HttpRequest, membership: Membership, type_id: str) -> HttpResponse:
    """Who has a qualification, or had it."""
    return _scores_page(request, membership, _type_of(membership, type_id))


def _scores_page(
    request: HttpRequest, membership: Membership, kind: QualificationType, *, one: OneForm | None = None,
    paste: PasteForm | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    query = request.GET
    filters = ScoreFilter(query)
    chosen = filters.chosen()
    rows = filters.apply(Score.objects.filter(qualification_type=kind))
    column, descending = scores_sort(chosen)
    shown = page(rows, query, column=column, descending=descending)
    item: Any
    on_their_way = _open_changes(kind, [item.worker_id for item in shown.items])
    for item in shown.items:
        item.change = on_their_way.get(item.worker_id)
    url = reverse("scores", args=[membership.account.slug, kind.qualification_type_id])
    plain = {"status": "Granted", "sort": "newest"}
    pairs = [(name, str(value)) for name, value in chosen.items() if plain.get(name) != value]

    def link(**changes: str) -> str:
        kept = {name: value for name, value in pairs if name not in changes}
        return f"{url}?{urlencode({**kept, **{name: value for name, value in changes.items() if value}})}"

    try:
        acts.check_can_give(kind, membership.user)
        why_not = ""
    except Denied as reason:
        why_not = str(reason)
    context = {
        "kind": kind,
        "page": shown,
        "count": rows[:COUNT_TO].count(),
        "list_url": url,
        "status_chips": [
            {"label": words, "url": link(status=value), "on": value == chosen["status"]}
            for value, words in STATUSES.items()
        ],
        "active_filters": [
            {"label": words, "remove_url": link(**{name: ""})} for name, words in filters.labels().items()
        ],
        "filter_form": filters,
        "sorts": [{"value": name, "label": sort[0], "on": name == chosen["sort"]} for name, sort in SORTS.items()],
        "query_pairs": pairs,
        "filtered": bool(filters.labels()),
        "why_not": why_not,
        "one": one or OneForm(auto_id=_ONE, initial={"form_key": uuid.uuid4(), "value": 1}),
        "paste": paste or PasteForm(auto_id=_PASTE),
        "paste_open": paste is not None,
        "form_key": uuid.uuid4(),
    }
    return render(request, "qualifications/scores.html", context, status=status)


def _open_changes(kind: QualificationType, worker_ids: list[str]) -> dict[str, Command]:
    keys = [score_key(kind.qualification_type_id, worker_id) for worker_id in worker_ids]
    about = Command.objects.filter(account=kind.account_id, worker_id__in=worker_ids)
    open_ones = about.filter(exclusive_key__in=keys, state__in=OPEN_STATES)
    return {command.worker_id: command for command in open_ones.only("worker_id", "kind", "state", "params")}


@require_POST
@of_account
def scores_change(request: HttpRequest, membership: Membership, type_id: str) -> HttpResponse:
    """Grant, change or take away, of one worker."""
    kind = _type_of(membership, type_id)
    form = OneForm(request.POST, auto_id=_ONE)
    if form.is_valid():
        said = form.cleaned_data
        try:
            if said["act"] == "revoke":
                command = acts.revoke(
                    kind=kind, worker_id=said["worker"], by=membership.user, reason=said["reason"],
                    form_key=said["form_key"],
                )  # fmt: skip
                words = f"“{kind.name}” is being taken from {command.worker_id}."
            else:
                command = acts.grant(
                    kind=kind, worker_id=said["worker"], value=said["value"], by=membership.user,
                    notify=said["notify"], form_key=said["form_key"],
                )  # fmt: skip
                words = f"{command.worker_id} is given “{kind.name}” with {said['value']}."
        except Denied as reason:
            form.add_error(None, str(reason))
        else:
            messages.success(request, f"{words} Activity shows it, with undo.")
            return redirect("scores", membership.account.slug, type_id)
    return _scores_page(request, membership, kind, one=form, status=422)


@require_POST
@of_account
def scores_paste(request: HttpRequest, membership: Membership, type_id: str) -> HttpResponse:
    """A pasted list becomes a sheet to look at."""
    kind = _type_of(membership, type_id)
    form = PasteForm(request.POST, auto_id=_PASTE)
    if form.is_valid():
        said = form.cleaned_data
        try:
            sheet = acts.pasted(
                said["ids"], kind=kind, value=said["value"], revoke=said["revoke"], by=membership.user,
                notify=said["notify"], reason=said["reason"],
            )  # fmt: skip
        except Denied as reason:
            form.add_error("ids", str(reason))
        else:
            return redirect("sheet", membership.account.slug, sheet.pk)
    return _scores_page(request, membership, kind, paste=form, status=422)


@require_http_methods(["GET", "POST"])
@of_account
def scores_upload(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The worker file of the Requester website, sent back with its UPDATE columns filled in."""
    account = membership.account
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            sheet = acts.of_file(
                said["file"], account=account, name=said["file"].name, by=membership.user,
                notify=said["notify"], reason=said["reason"],
            )  # fmt: skip
        except (Denied, csv_files.Unreadable, worker_csv.NoWorkers) as reason:
            form.add_error("file", str(reason))
        else:
            return redirect("sheet", account.slug, sheet.pk)
    context = {
        "form": form,
        "kept_days": KEPT.days,
        "sheets": Sheet.objects.filter(account=account).select_related("made_by")[:SHOWN_SHEETS],
        "can_give": membership.role >= Role.REVIEWER,
    }
    return render(request, "qualifications/worker_csv.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "POST"])
@of_account
def grant_workers(request: HttpRequest, membership: Membership) -> HttpResponse:
    """A qualification for ticked workers (?worker=A1&worker=A2), or all that match a filter (?filter=yes&seen=7d)."""
    account = membership.account
    said_by = request.POST if request.method == "POST" else request.GET
    matching = selections.read("workers", account, said_by) if said_by.get("filter") == "yes" else None
    ticked = list(dict.fromkeys(map(worker_csv.worker_id_of, selections.ticked(said_by, "worker"))))
    kinds = QualificationType.objects.of(account).own().present().filter(purpose="")
    kinds = kinds.exclude(status__in=["Creating", "Failed", "Disposing"]).order_by("name")
    begun = request.method == "POST" and "kind" in request.POST
    form = SelectionForm(request.POST if begun else None, kinds=kinds)
    count = matching.rows[: acts.MOST_LINES + 1].count() if matching is not None else len(ticked)
    if begun and form.is_valid():
        said = form.cleaned_data
        try:
            if not count:
                raise Denied("Nobody is chosen. Tick some workers first.")
            if matching is None and count > MOST_TICKED:
                raise Denied(f"{MOST_TICKED:,} at a time; choose them by filters, or send them as a file.")
            said["kind"].account = account
            sheet = acts.of_workers(
                _ids(matching.rows) if matching is not None else ticked, kind=said["kind"], value=said["value"] or 0,
                revoke=said["revoke"], by=membership.user, notify=said["notify"], reason=said["reason"],
                name=f"{capped(count, acts.MOST_LINES)} {'workers by filter' if matching else 'chosen workers'}",
            )  # fmt: skip
        except Denied as reason:
            form.add_error(None, str(reason))
        else:
            return redirect("sheet", account.slug, sheet.pk)
    context = {
        "form": form,
        "count": count,
        "most": acts.MOST_LINES,
        "ticked": ticked[: MOST_TICKED + 1],
        "matching": matching,
        "kinds": kinds.exists(),
    }
    return render(request, "qualifications/grant_workers.html", context, status=422 if begun else 200)


def _ids(rows: Any) -> Iterator[str]:
    """Worker ids, some thousands at a time: no list of a million, and no cursor open beside writes."""
    after = 0
    while chunk := list(rows.filter(pk__gt=after).order_by("pk").values_list("pk", "worker_id")[:5000]):
        after = chunk[-1][0]
        yield from (worker_id for _, worker_id in chunk)


# --- sheets ---------------------------------------------------------------------------------------------------------


def _sheet_of(membership: Membership, sheet_id: int) -> Sheet:
    rows = Sheet.objects.filter(account=membership.account).select_related("made_by", "qualification_type", "file")
    return get_object_or_404(rows, pk=sheet_id)


@require_GET
@of_account
def sheet(request: HttpRequest, membership: Membership, sheet_id: int) -> HttpResponse:
    """Each line of a list with what would happen, and after it was begun, what did."""
    shown = _sheet_of(membership, sheet_id)
    lines = Line.objects.filter(sheet=shown)
    if not shown.complete:
        return _being_read(request, shown, lines.count())
    counts = dict(lines.order_by().values_list("verdict").annotate(Count("pk")))
    left = dict(lines.ready().order_by().values_list("act").annotate(Count("pk")))
    asked = lines.filter(command__isnull=False).order_by()
    done = dict(asked.values_list("command__state").annotate(Count("pk")))
    verdict = SheetFilter(request.GET).chosen()
    rows = lines.filter(verdict=verdict) if verdict else lines
    url = reverse("sheet", args=[membership.account.slug, shown.pk])
    labels = [("", "All"), ("ready", "Can be done"), ("same", "Nothing to do"), ("bad", "Cannot be done")]
    context = {
        "sheet": shown,
        "page": page(rows.select_related("command", "qualification_type"), request.GET, column="id"),
        "total": sum(counts.values()),
        "chips": [
            {
                "label": f"{words} {counts.get(value, 0) if value else sum(counts.values()):,}",
                "url": f"{url}?verdict={value}" if value else url,
                "on": value == verdict,
            }
            for value, words in labels
        ],
        "acts": [(Line.Act(act).label, left[act], act) for act in Line.Act.values if act in left],
        "left": sum(left.values()),
        "blocks": Line.Act.BLOCK in left,
        "workers": lines.ready().order_by().values("worker_id").distinct().count() if left else 0,
        "can_give": membership.role >= Role.REVIEWER,
        "can_block": membership.role >= Role.APPROVER,
        "jobs": Job.objects.filter(account=membership.account, selection__sheet=shown.pk).order_by("-created_at")[:20],
        "not_done": sum(number for state, number in done.items() if state in _NOT_DONE) + counts.get("bad", 0),
        "done": done.get(State.DONE, 0),
    }
    response = render(request, "qualifications/sheet.html", context)
    if getattr(request, "htmx", False):
        response["HX-Refresh"] = "true"  # it was read while somebody looked at how far it is
    return response


def _being_read(request: HttpRequest, shown: Sheet, rows: int) -> HttpResponse:
    part = "#reading" if getattr(request, "htmx", False) else ""
    context = {"sheet": shown, "reading": True, "rows": rows, "file": shown.file}
    return render(request, f"qualifications/sheet.html{part}", context)


@require_POST
@of_account
def sheet_begin(request: HttpRequest, membership: Membership, sheet_id: int) -> HttpResponse:
    """A job for each kind of change that the list still asks for."""
    shown = _sheet_of(membership, sheet_id)
    blocks = Line.objects.filter(sheet=shown, act=Line.Act.BLOCK).ready()
    try:
        if request.POST.get("understood") != "on" and blocks.exists():
            raise Denied("Read what a block does to a person, and tick the box. Nothing was begun.")
        begun = acts.carry_out(shown, by=membership.user)
    except Denied as reason:
        messages.error(request, str(reason))
        return redirect("sheet", membership.account.slug, sheet_id)
    if len(begun) == 1:
        return redirect("job", membership.account.slug, begun[0].pk)
    messages.success(request, f"{len(begun)} jobs have begun.")
    return redirect("sheet", membership.account.slug, sheet_id)


@require_GET
@of_account
def sheet_failed(request: HttpRequest, membership: Membership, sheet_id: int) -> HttpResponse:
    """What could not be done, as a file to correct and send again."""
    shown = _sheet_of(membership, sheet_id)
    failed = Line.objects.filter(sheet=shown).filter(Q(verdict=Line.Verdict.BAD) | Q(command__state__in=_NOT_DONE))
    columns = [
        name
        for name in failed.order_by().values_list("column", flat=True).annotate(first=Min("pk")).order_by("first")
        if name and name != worker_csv.BLOCK
    ]

    def rows() -> Iterator[list[str]]:
        yield worker_csv.failed_header(columns)
        found = failed.select_related("command").order_by("pk").iterator(chunk_size=1000)
        for (_, worker_id), group in groupby(found, key=lambda row: (row.number, row.worker_id)):
            typed, problems = {}, []
            for row in group:
                typed[row.column] = row.typed
                if row.act in (Line.Act.BLOCK, Line.Act.UNBLOCK):
                    typed[worker_csv.REASON] = row.reason
                problems.append(row.command.error_message or "It was taken back." if row.command else row.sentence)
            yield worker_csv.failed_line(worker_id, columns, typed, problems)

    return csv_files.download(f"not-done-{shown.pk}.csv", csv_files.lines(rows()))
