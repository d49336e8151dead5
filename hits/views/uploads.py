"""Files of decisions and bonuses: upload, look at every row, ask for the jobs, take home what failed."""

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.datastructures import MultiValueDict
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard import audit, csv_files, jobs
from dashboard.access import of_account
from dashboard.csv_files import Unreadable
from dashboard.models import IncomingFile, JobState, Membership, Role, State
from dashboard.numbers import all_whole
from dashboard.old_lists import KEPT
from dashboard.pages import page
from dashboard.permissions import Denied, check_role
from dashboard.upload_cap import missing_file
from hits.files import begin_marked, failed_rows
from hits.files.failed import jobs_of
from hits.forms.files import UploadForm
from hits.models import Upload, UploadRow

#: Action of a row -> the bulk action that does it; in the order in which they are offered.
BULKS = {
    UploadRow.Action.APPROVE: "marked_approve",
    UploadRow.Action.REJECT: "marked_reject",
    UploadRow.Action.OVERRIDE: "marked_override",
    UploadRow.Action.BONUS: "bonus_rows",
}
TABS = {
    "": "All that is asked for",
    UploadRow.Fate.GO: "Can be done",
    UploadRow.Fate.DOUBT: "Doubtful",
    UploadRow.Fate.REFUSED: "Cannot be done",
}
BARS = 10


def file_of(request: HttpRequest) -> tuple[UploadForm, Any]:
    """The form, and its file where there is one."""
    files = request.FILES if request.method == "POST" else MultiValueDict()
    form = UploadForm(request.POST or None, files) if request.method == "POST" else UploadForm()
    if request.method == "POST" and "file" not in files:
        form.fields["file"].error_messages["required"] = missing_file(request)
    return form, form.cleaned_data["file"] if form.is_bound and form.is_valid() else None


@require_GET
@of_account
def uploads(request: HttpRequest, membership: Membership) -> HttpResponse:
    rows = Upload.objects.filter(account=membership.account).select_related("made_by")
    shown = page(rows, request.GET, column="created_at", descending=True)
    return render(request, "hits/uploads.html", {"page": shown, "kept_days": KEPT.days})


@require_http_methods(["GET", "POST"])
@of_account
def marked_upload(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Choose a marked result file; a worker reads its rows, and nothing is done yet."""
    form, file = file_of(request)
    if file is not None:
        try:
            upload = begin_marked(account=membership.account, by=membership.user, name=file.name or "", file=file.file)
        except (Unreadable, Denied) as reason:
            form.add_error("file", str(reason))
        else:
            return redirect("upload", membership.account.slug, upload.pk)
    context = {"form": form, "can_ask": membership.role >= Role.REVIEWER}
    return render(request, "hits/upload_marked.html", context, status=422 if form.errors else 200)


def upload_of(membership: Membership, upload_id: uuid.UUID) -> Upload:
    rows = Upload.objects.select_related("made_by", "file")
    found = get_object_or_404(rows, account=membership.account, pk=upload_id)
    found.account = membership.account
    return found


@require_GET
@of_account
def upload(request: HttpRequest, membership: Membership, upload_id: uuid.UUID) -> HttpResponse:
    """Every row and what would come of it, the sums, and the buttons that begin the jobs; before, how far it is."""
    shown = upload_of(membership, upload_id)
    if shown.read_at is None:
        return being_read(request, "hits/upload.html", {"upload": shown, "rows": shown.rows_read}, shown.file)
    fate = request.GET.get("fate", "")
    rows = UploadRow.objects.filter(upload=shown)
    if fate in UploadRow.Fate.values:
        rows = rows.filter(fate=fate)
    listed = page(rows.select_related("command").defer("cells"), request.GET, column="id")
    counts = _counts(shown)
    asked = jobs_of(shown)
    bars = _bars(shown) if shown.kind != Upload.Kind.MARKED else []
    context = {
        "upload": shown,
        "page": listed,
        "tabs": [
            (value, label, counts.get(value, 0), value == fate)
            for value, label in TABS.items()
            if counts.get(value) or value in ("", fate)
        ],
        "fate": fate,
        "plans": _plans(membership, shown, asked),
        "jobs": [(asked[action], jobs.progress(asked[action])) for action in BULKS if action in asked],
        "bars": bars,
        "most": max((bar["count"] for bar in bars), default=1),
        "doubtful": counts.get(UploadRow.Fate.DOUBT, 0),
        "can_ask": membership.role >= Role.REVIEWER,
        "can_tick": membership.role >= Role.REVIEWER and not asked,
        "failed": counts.get(UploadRow.Fate.REFUSED, 0) + counts.get(UploadRow.Fate.DOUBT, 0) + _lost(shown, asked),
        "money": shown.kind != Upload.Kind.MARKED,
        "kept_days": KEPT.days,
    }
    response = render(request, "hits/upload.html", context)
    if getattr(request, "htmx", False):
        response["HX-Refresh"] = "true"  # it was read while somebody looked at how far it is
    return response


def being_read(request: HttpRequest, template: str, context: dict[str, Any], file: IncomingFile | None) -> HttpResponse:
    """The page of what is not read yet; its fragment, asked for every second, where the page is open."""
    part = "#reading" if getattr(request, "htmx", False) else ""
    return render(request, f"{template}{part}", {**context, "reading": True, "file": file})


def _counts(shown: Upload) -> dict[str, int]:
    rows = UploadRow.objects.filter(upload=shown).order_by().values_list("fate").annotate(rows=Count("pk"))
    counts = dict(rows)
    return {**counts, "": sum(counts.values())}


def _lost(shown: Upload, asked: dict[str, Any]) -> int:
    """Rows that were to be done and were not, of jobs that are prepared."""
    prepared = [action for action, job in asked.items() if job.state != JobState.PREPARING]
    if not prepared:
        return 0
    ended = Q(command__state__in=[State.FAILED, State.CANCELLED, State.DECLINED]) | Q(command=None)
    rows = UploadRow.objects.filter(ended, upload=shown, fate=UploadRow.Fate.GO, action__in=prepared)
    return rows.count()


def _plans(membership: Membership, shown: Upload, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """What each action that was not asked for yet would do now."""
    rows = UploadRow.objects.filter(upload=shown, fate=UploadRow.Fate.GO).order_by()
    there = set(rows.values_list("action", flat=True).distinct())
    plans = []
    for action, name in BULKS.items():
        if action not in there or action in asked:
            continue
        chosen = jobs.bulk_named(name)
        options = chosen.check_options({"upload": str(shown.pk)})
        selection = {"upload": str(shown.pk)}
        ahead = jobs.look_ahead(name, account=membership.account, selection=selection, options=options)
        waits = jobs.needs_release(name, by=membership.user, account=membership.account, ahead=ahead, options=options)
        plans.append({"action": action, "bulk": chosen, "ahead": ahead, "needs_release": waits})
    return plans


def _bars(shown: Upload) -> list[dict[str, Any]]:
    """How the amounts that go or might are distributed: BARS ranges between the smallest and the largest."""
    rows: QuerySet[UploadRow] = UploadRow.objects.filter(upload=shown, amount__isnull=False).order_by()
    rows = rows.exclude(fate=UploadRow.Fate.REFUSED)
    ends = rows.aggregate(low=Min("amount"), high=Max("amount"), sum=Sum("amount"))
    if ends["low"] is None:
        return []
    low, high = ends["low"], ends["high"]
    cents = int((high - low) * 100)
    steps = min(BARS, cents + 1)
    edges = [low + (high - low) * step / steps for step in range(steps + 1)]
    within = {
        f"bar{step}": Count(
            "pk",
            filter=Q(amount__gte=edges[step])
            & (Q(amount__lte=high) if step == steps - 1 else Q(amount__lt=edges[step + 1])),
        )
        for step in range(steps)
    }
    counted = rows.aggregate(**within)
    return [
        {"low": edges[step], "high": edges[step + 1], "count": counted[f"bar{step}"], "alone": low == high}
        for step in range(steps)
    ]


@require_POST
@of_account
def upload_ask(request: HttpRequest, membership: Membership, upload_id: uuid.UUID) -> HttpResponse:
    """Begin the job of one action; asked for twice, it is the same job."""
    shown = upload_of(membership, upload_id)
    action = request.POST.get("action", "")
    try:
        if action not in BULKS or shown.read_at is None:
            raise Denied("This page was out of date. Look at the rows again.")
        with transaction.atomic():
            _lock(shown)
            job = jobs.ask(
                BULKS[UploadRow.Action(action)],
                account=membership.account,
                by=membership.user,
                selection={"upload": str(shown.pk)},
                options={"upload": str(shown.pk)},
                form_key=shown.form_key(action),
            )
    except Denied as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, f"{job.title}: begun.")
    return redirect("upload", membership.account.slug, shown.pk)


def _lock(upload: Upload) -> None:
    """What is ticked while a job of the file begins would be paid without having been weighed against any limit."""
    Upload.objects.select_for_update().only("pk").get(pk=upload.pk)


@require_POST
@of_account
def upload_tick(request: HttpRequest, membership: Membership, upload_id: uuid.UUID) -> HttpResponse:
    """Take doubtful rows in: those ticked (`row`), or all of them. Nothing is asked for by this."""
    shown = upload_of(membership, upload_id)
    doubtful = UploadRow.objects.filter(upload=shown, fate=UploadRow.Fate.DOUBT)
    everything = request.POST.get("action") == "all"
    named = all_whole(request.POST.getlist("row")[:1000])
    try:
        check_role(membership.user, membership.account, Role.REVIEWER, "propose bonuses")
        with transaction.atomic():
            _lock(shown)
            if jobs_of(shown):
                raise Denied("The job has begun: what is doubtful can no longer be added. Upload what failed again.")
            rows = doubtful if everything else doubtful.filter(pk__in=named)
            count = rows.update(fate=UploadRow.Fate.GO)
            if count:
                audit.record(
                    "upload.ticked",
                    account=membership.account,
                    by=membership.user,
                    subject=str(shown.pk),
                    text=f"{count} doubtful rows of {shown.name} are to be done",
                    data={"rows": [] if everything else named, "all": everything},
                )
    except Denied as reason:
        messages.error(request, str(reason))
    else:
        messages.info(request, f"{count} added." if count else "Tick the rows that are to be done all the same.")
    return redirect("upload", membership.account.slug, shown.pk)


@require_GET
@of_account
def upload_failed(request: HttpRequest, membership: Membership, upload_id: uuid.UUID) -> HttpResponse:
    """The rows that were not done, with why, in the shape that can be uploaded again."""
    shown = upload_of(membership, upload_id)
    return csv_files.download(f"not_done_{shown.created_at:%Y-%m-%d_%H%M}.csv", csv_files.lines(failed_rows(shown)))
