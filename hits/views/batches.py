"""Batches: all of an account, and what came of one. Figures come from tables that the digest keeps."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Max, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dashboard.access import of_account
from dashboard.models import Membership, Role
from dashboard.pages import page
from dashboard.permissions import Denied
from hits.actions import second_reviews
from hits.answers.tally import median_of
from hits.forms.batches import AskForm, BatchSearch
from hits.models import HIT, Assignment, Batch, BatchFigures, FieldFigures, ReviewerFigures
from hits.questions import Question, read_question
from hits.views import charts

PAGE = 25
MOST_FIELDS = 60


@require_GET
@of_account
def batches(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Every batch of the account, the newest first."""
    search = BatchSearch(request.GET)
    words = search.words()
    rows = Batch.objects.filter(account=membership.account).select_related("figures")
    if words:
        rows = rows.filter(Q(name__icontains=words) | Q(key__icontains=words))
    shown = page(rows, request.GET, column="id", descending=True, size=PAGE)
    wanted = {
        row["batch"]: row
        for row in HIT.objects.filter(batch__in=[batch.pk for batch in shown.items])
        .order_by()
        .values("batch")
        .annotate(wanted=Sum("max_assignments"), ends=Max("expires_at"))
    }
    now = timezone.now()
    item: Any
    for item in shown.items:
        figures = figures_of(item)
        its = wanted.get(item.pk, {})
        item.shown = figures
        item.wanted = max(its.get("wanted") or 0, figures.answers)
        item.ends = its["ends"] if its.get("ends") and its["ends"] > now else None
        item.over = bool(its.get("ends")) and item.ends is None
    return render(request, "hits/batches.html", {"page": shown, "words": words, "form": search})


def figures_of(batch: Batch) -> BatchFigures:
    """The figures of a batch; empty ones before anything came in."""
    return getattr(batch, "figures", None) or BatchFigures(batch=batch)


@require_GET
@of_account
def batch(request: HttpRequest, membership: Membership, batch_id: int) -> HttpResponse:
    """What came of one batch."""
    return page_of(request, membership, batch_of(membership, batch_id))


def batch_of(membership: Membership, batch_id: int) -> Batch:
    rows = Batch.objects.filter(account=membership.account).select_related("figures")
    found = get_object_or_404(rows, pk=batch_id)
    found.account = membership.account
    return found


def page_of(
    request: HttpRequest, membership: Membership, batch: Batch, *, form: AskForm | None = None, status: int = 200
) -> HttpResponse:
    figures = figures_of(batch)
    its_hits = HIT.objects.filter(batch=batch).order_by()
    hits = its_hits.aggregate(wanted=Sum("max_assignments"), ends=Max("expires_at"))
    fields = _fields(batch, figures)
    drawn: dict[str, charts.Chart | None] = {
        "took": charts.seconds_chart(figures.took),
        "time": charts.timeline(figures.hours),
    }
    data = {name: _for_script(chart) for name, chart in drawn.items() if chart}
    for place, field in enumerate(fields):
        for number, (_, chart) in enumerate(field["charts"]):
            if not chart.get("table_only"):
                chart["id"] = f"field-{place}-{number}"
                data[chart["id"]] = _for_script(chart)
    second = second_reviews.compared(batch)
    may_review = membership.role >= Role.REVIEWER
    context = {
        "batch": batch,
        "figures": figures,
        "wanted": max(hits["wanted"] or 0, figures.answers),
        "ends": hits["ends"],
        "over": bool(hits["ends"]) and hits["ends"] <= timezone.now(),
        "fresh": Assignment.objects.of(membership.account).fresh().filter(batch=batch).exists(),
        "charts": drawn,
        "chart_data": data,
        "fields": fields[:MOST_FIELDS],
        "more_fields": max(0, len(fields) - MOST_FIELDS),
        "median": charts.median_seconds(figures.took),
        "pace": charts.pace(figures.hours),
        "reviewers": _reviewers(batch, second),
        "second": second,
        "second_waiting": second_reviews.open_for(batch, membership.user).count() if may_review and second.asked else 0,
        "can_ask": membership.role >= Role.APPROVER,
        "form": form or AskForm(initial={"amount": 5, "unit": "percent"}),
        "form_failed": form is not None,
        "can_review": may_review,
        "queue_query": urlencode({"batch": batch.pk}),
        "apart_query": urlencode({"batch": batch.pk, "sort": "disagreement"}),
        "compare_first": _first_apart(batch),
    }
    return render(request, "hits/batch.html", context, status=status)


def _for_script(chart: charts.Chart) -> dict[str, Any]:
    wanted = ("kind", "labels", "counts", "noun", "by_day")
    return {name: chart[name] for name in wanted if name in chart}


def _first_apart(batch: Batch) -> HIT | None:
    """A HIT that several people answered and that waits, to begin looking side by side with."""
    waiting = Assignment.objects.of(batch.account).awaiting_review().filter(batch=batch, hit__max_assignments__gt=1)
    first = waiting.select_related("hit").only("hit__hit_id").order_by("auto_approval_at", "pk").first()
    return first.hit if first else None


def _fields(batch: Batch, figures: BatchFigures) -> list[dict[str, Any]]:
    """Each field's distribution and reliability, in the order in which answers named them."""
    labels, words = _words_of(batch)
    measured = figures.reliability.get("fields", {})
    found = []
    for this in FieldFigures.objects.filter(batch=batch).order_by("pk"):
        tally = this.tally
        if not tally.get("said"):
            continue
        numbers = tally.get("numbers", {}) if not tally.get("drawings") else {}
        found.append(
            {
                "name": this.name,
                "label": labels.get(this.name) or this.name,
                "said": tally["said"],
                "blank": tally.get("blank", 0),
                "drawings": tally.get("drawings", 0),
                "other": tally.get("other", 0),
                "numbers": numbers,
                "mean": numbers["sum"] / numbers["n"] if numbers else None,
                "charts": charts.field_charts(tally, words.get(this.name, {}), figures.answers),
                "reliability": measured.get(this.name),
            }
        )
    return found


def _words_of(batch: Batch) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Field -> its words in the task, and value -> the option's words; only what is the same in the first and the
    last HIT, since the words of one HIT may be about its own data."""
    its_own = HIT.objects.filter(batch=batch).only("question")
    ends = [its_own.order_by(order).first() for order in ("pk", "-pk")]
    first, last = (read_question(hit.question if hit else "") for hit in ends)
    labels, words = {}, {}
    for name, field in first.fields.items():
        other = last.fields.get(name)
        if other is not None and other.label == field.label:
            labels[name] = field.label[:200]
        if other is not None and other.options == field.options:
            words[name] = {value: text for value, text in field.options if text}
    labels |= {name: header for name, header in _headers(first).items() if _headers(last).get(name) == header}
    return labels, words


def _headers(question: Question) -> dict[str, str]:
    return {name: widget.header[:200] for name, widget in question.widgets.items() if widget.header}


def _reviewers(batch: Batch, second: second_reviews.Compared) -> list[dict[str, Any]]:
    rows = ReviewerFigures.objects.filter(batch=batch).select_related("person").order_by("-approved", "pk")
    return [
        {
            "person": row.person,
            "decided": row.decided,
            "approved": row.approved,
            "rejected": row.rejected,
            "reversed": row.reversed,
            "in_bulk": row.in_bulk,
            "gap": median_of(row.gaps),
            "second": second.of_person.get(row.person_id),
            "last_at": row.last_at,
        }
        for row in rows[:50]
    ]


@require_POST
@of_account
def second_review_ask(request: HttpRequest, membership: Membership, batch_id: int) -> HttpResponse:
    """Choose a sample of what is decided for a second look."""
    batch, form = batch_of(membership, batch_id), AskForm(request.POST)
    if form.is_valid():
        try:
            picked = second_reviews.ask(batch=batch, by=membership.user, **form.sample())
        except Denied as reason:
            form.add_error(None, str(reason))
        else:
            messages.success(request, f"{picked} answers wait for a second verdict.")
            return redirect("second_review", membership.account.slug, batch.pk)
    return page_of(request, membership, batch, form=form, status=422)
