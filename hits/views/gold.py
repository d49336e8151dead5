"""Gold answers: the list of a batch, files of them, and marking an answer's own fields from beside it."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from dashboard.access import back_to, of_account
from dashboard.csv_files import Unreadable, download
from dashboard.models import Membership, Role
from dashboard.numbers import whole
from dashboard.old_lists import KEPT
from dashboard.pages import page
from dashboard.permissions import Denied, check_role
from hits.forms.quality import GoldForm
from hits.models import HIT, Assignment, Batch, GoldAnswer, GoldChange, GoldRow, GoldUpload
from hits.rules import gold as keeping
from hits.rules import gold_files
from hits.rules.reading import fields_of
from hits.views.findings import beside
from hits.views.uploads import being_read, file_of

_MOST_MARKED = 40
_MOST_FILES = 20


def _batch_of(membership: Membership, batch_id: int) -> Any:
    batch: Any = get_object_or_404(Batch, account=membership.account, pk=batch_id)
    batch.account = membership.account
    return batch


@require_http_methods(["GET", "POST"])
@of_account
def gold(request: HttpRequest, membership: Membership, batch_id: int) -> HttpResponse:
    """What is known to be right in a batch. POST: action=save|remove|upload."""
    batch = _batch_of(membership, batch_id)
    known = fields_of(batch)
    form: GoldForm | None = None
    file_problem = ""
    if request.method == "POST":
        here = redirect("gold", membership.account.slug, batch.pk)
        action = request.POST.get("action", "")
        try:
            if action == "save":
                form = GoldForm(request.POST, fields=known)
                if form.is_valid() and _save(form, batch, membership):
                    messages.success(request, "Saved. The answers to this HIT are scored anew.")
                    return here
            elif action == "remove":
                rows = GoldAnswer.objects.select_related("hit", "account").filter(
                    account=membership.account, hit__batch=batch
                )
                row = get_object_or_404(rows, pk=whole(request.POST.get("gold", "")))
                keeping.remove_gold(row, by=membership.user)
                messages.success(request, "Removed. The answers to this HIT are scored anew.")
                return here
            elif action == "upload":
                return redirect(
                    "gold_upload", membership.account.slug, batch.pk, _upload(request, batch, membership).pk
                )
            else:
                raise Denied("This page was out of date. Try again.")
        except (Denied, Unreadable) as reason:
            if action == "upload":
                file_problem = str(reason)
            elif form is not None:
                form.add_error(None, str(reason))
            else:
                messages.error(request, str(reason))
    return _page(request, membership, batch, known, form, file_problem)


def _page(
    request: HttpRequest,
    membership: Membership,
    batch: Any,
    known: list[str],
    form: GoldForm | None,
    file_problem: str,
) -> HttpResponse:
    rows = GoldAnswer.objects.filter(account=membership.account, hit__batch=batch)
    shown = page(rows.select_related("hit", "made_by").defer("hit__raw", "hit__question"), request.GET, column="id")
    for item in shown.items:
        dressed: Any = item
        values = item.accepted if isinstance(item.accepted, list) else [item.accepted]
        dressed.texts = [gold_files.as_text(value) for value in values]
        dressed.plain = "\n".join(dressed.texts)
    editing = request.GET.get("edit", "")
    edited = next((item for item in shown.items if str(item.pk) == editing), None)
    if form is None:
        initial = {"hit": request.GET.get("hit", "")[:64]}
        if edited is not None:
            initial = {"hit": edited.hit.hit_id, "field": edited.field, "accepted": edited.plain}  # type: ignore[attr-defined]
        form = GoldForm(initial=initial, fields=known)
    uploads = GoldUpload.objects.filter(batch=batch)
    counts = rows.aggregate(fields=Count("pk"), hits=Count("hit", distinct=True))
    context = {
        "batch": batch,
        "page": shown,
        "form": form,
        "editing": edited,
        "known_fields": known,
        "counts": counts,
        # By the HITs, of which few have gold; a batch may have a hundred thousand answers.
        "scored": Assignment.objects.filter(hit__in=rows.values("hit"), gold_score__isnull=False).count(),
        "scoring": GoldChange.objects.filter(hit__batch=batch).exists(),
        "can_change": membership.role >= Role.REVIEWER,
        "file_problem": file_problem,
        "uploads": uploads.filter(state=GoldUpload.State.OPEN).select_related("made_by")[:_MOST_FILES],
        "taking": uploads.filter(state=GoldUpload.State.TAKEN).exists(),
        "kept_days": KEPT.days,
    }
    bad = bool(form.errors) or bool(file_problem)
    return render(request, "hits/gold.html", context, status=422 if bad else 200)


def _save(form: GoldForm, batch: Batch, membership: Membership) -> bool:
    said = form.cleaned_data
    hit = HIT.objects.filter(account=membership.account, hit_id=said["hit"]).defer("raw", "question").first()
    if hit is None or hit.batch_id != batch.pk:
        form.add_error("hit", "This batch has no such HIT." if hit else "There is no such HIT in this account.")
        return False
    hit.account = membership.account
    keeping.set_gold(hit=hit, name=said["field"], accepted=said["accepted"], by=membership.user)
    return True


def _upload(request: HttpRequest, batch: Batch, membership: Membership) -> GoldUpload:
    form, file = file_of(request)
    if file is None:
        raise Unreadable(" ".join(str(error) for errors in form.errors.values() for error in errors))
    return gold_files.begin(batch=batch, name=file.name or "", file=file.file, by=membership.user)


@require_http_methods(["GET", "POST"])
@of_account
def gold_upload(request: HttpRequest, membership: Membership, batch_id: int, upload_id: int) -> HttpResponse:
    """A file of gold, row by row; while it is read, how far it is. POST: action=take|forget."""
    batch = _batch_of(membership, batch_id)
    rows_of_batch = GoldUpload.objects.filter(batch=batch).select_related("account", "batch", "made_by", "file")
    upload = rows_of_batch.exclude(state=GoldUpload.State.FORGOTTEN).filter(pk=upload_id).first()
    if request.method == "POST":
        take = request.POST.get("action") == "take"
        try:
            if upload is None:
                raise Denied(gold_files.OVER)
            gold_files.decide(upload, take=take, by=membership.user)
        except Denied as reason:
            messages.error(request, str(reason))
        else:
            words = "It is being taken over, and the answers to these HITs are scored anew."
            messages.success(request, words if take else "Forgotten; nothing was changed.")
        return redirect("gold", membership.account.slug, batch.pk)
    if upload is None:
        raise Http404("There is no such file, or it was taken over.")
    context: dict[str, Any] = {"batch": batch, "upload": upload}
    if upload.read_at is None:
        return being_read(request, "hits/gold_upload.html", {**context, "rows": upload.rows_read}, upload.file)
    rows, good = GoldRow.objects.filter(upload=upload), GoldRow.objects.filter(upload=upload, why="")
    left_out = request.GET.get("show") == "left_out"
    same = good.filter(hit=OuterRef("hit"), field=OuterRef("field"))
    there = GoldAnswer.objects.filter(hit__batch=batch)
    context |= {
        "page": page(rows.exclude(why="") if left_out else rows, request.GET, column="id"),
        "left_out": left_out,
        "total": rows.count(),
        "wrong": rows.exclude(why="").count(),
        "found": good.order_by().values("hit", "field").distinct().count(),
        "hits": good.order_by().values("hit").distinct().count(),
        "replaced": there.filter(Exists(same)).count(),
        "can_change": membership.role >= Role.REVIEWER and upload.state == GoldUpload.State.OPEN,
        "kept_days": KEPT.days,
    }
    response = render(request, "hits/gold_upload.html", context)
    if getattr(request, "htmx", False):
        response["HX-Refresh"] = "true"  # it was read while somebody looked at how far it is
    return response


@require_GET
@of_account
def gold_csv(request: HttpRequest, membership: Membership, batch_id: int) -> HttpResponse:
    """The gold of a batch as a file that can be uploaded again."""
    batch = _batch_of(membership, batch_id)
    response: HttpResponse = download(f"gold-{batch.pk}-{timezone.now():%Y-%m-%d}.csv", gold_files.export(batch))
    return response


@require_POST
@vary_on_headers("HX-Request")
@of_account
def gold_mark(request: HttpRequest, membership: Membership, assignment_id: str) -> HttpResponse:
    """Take an answer's own values as gold for its HIT: the named fields (`field`, repeated), or all. action=forget
    forgets them. Answers the fragment beside the answer, or goes back where one came from."""
    rows = Assignment.objects.of(membership.account).select_related("hit", "batch").defer("raw", "hit__raw")
    assignment: Any = get_object_or_404(rows, assignment_id=assignment_id)
    assignment.account = assignment.hit.account = membership.account
    names = [name[:200] for name in request.POST.getlist("field")[:_MOST_MARKED]]
    problem, done = "", ""
    try:
        if request.POST.get("action") == "forget":
            check_role(membership.user, membership.account, Role.REVIEWER, keeping.DOING)
            count = keeping.unmark_gold(assignment=assignment, names=names, by=membership.user)
            done = f"{count} gold answers of this HIT forgotten."
        else:
            marked = keeping.mark_gold(assignment=assignment, names=names, by=membership.user)
            done = f"Gold for this HIT: {', '.join(marked)[:200]}."
    except Denied as reason:
        problem = str(reason)
    if getattr(request, "htmx", False):
        return beside(request, membership, assignment, problem)
    (messages.error if problem else messages.success)(request, problem or done)
    return redirect(back_to(request, f"/a/{membership.account.slug}/review/{assignment_id}/"))
