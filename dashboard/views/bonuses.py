"""Many bonuses, each with an amount of its own: by a CSV, or by a formula over what the queue's filters leave."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from dashboard import csv_files
from dashboard.access import of_account
from dashboard.csv_files import Unreadable
from dashboard.models import Membership, Role
from dashboard.permissions import Denied
from hits.forms import STATUSES, QueueFilter
from hits.models import Assignment, Batch
from hits.views.uploads import file_of
from workers.actions.bonus_rows import COLUMNS, Sample, begin_bonuses, begin_formula, try_formula
from workers.formula import LONGEST, NAMES, Formula, FormulaError

EXAMPLES = 8
#: Rows that the trial looks at while somebody types.
TRIED = 200


@require_http_methods(["GET", "POST"])
@of_account
def bonus_upload(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Choose a CSV of bonuses; a worker reads its rows, and nothing is paid yet."""
    form, file = file_of(request)
    if file is not None:
        try:
            upload = begin_bonuses(account=membership.account, by=membership.user, name=file.name or "", file=file.file)
        except (Unreadable, Denied) as reason:
            form.add_error("file", str(reason))
        else:
            return redirect("upload", membership.account.slug, upload.pk)
    context = {"form": form, "columns": COLUMNS, "can_ask": membership.role >= Role.REVIEWER}
    return render(request, "workers/bonus_upload.html", context, status=422 if form.errors else 200)


def _selected(membership: Membership, query: QueryDict) -> tuple[QueueFilter, "QuerySet[Assignment, Any]"]:
    filters = QueueFilter(query)
    return filters, filters.apply(Assignment.objects.of(membership.account)).filter(gone_at=None)


@require_GET
@of_account
def bonus_sheet(request: HttpRequest, membership: Membership) -> HttpResponse:
    """A CSV of what the filters leave with an amount to be filled in for each, as `bonus_upload` takes it."""
    _, rows = _selected(membership, request.GET)
    found = rows.order_by("pk").values_list("worker_id", "assignment_id").iterator(chunk_size=2_000)

    def cells() -> Any:
        yield COLUMNS
        for worker_id, assignment_id in found:
            yield worker_id, assignment_id, "", ""

    return csv_files.download("bonuses.csv", csv_files.lines(cells()))


class FormulaForm(forms.Form):
    formula = forms.CharField(
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "mono"}),
        error_messages={"required": "Write a formula, such as 0.05 or reward * 0.5."},
    )
    reason = forms.CharField(
        max_length=1000,
        label="Reason (the workers read it)",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say what the bonus is for: the workers read it."},
    )

    def clean_formula(self) -> Formula:
        try:
            return Formula(self.cleaned_data["formula"])
        except FormulaError as reason:
            raise forms.ValidationError(str(reason)) from None


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@of_account
def bonus_formula(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Write a formula and see what it gives for some; then it is worked out for all, and every row looked at."""
    query = QueryDict(request.POST.get("query", "")) if request.method == "POST" else request.GET
    filters, rows = _selected(membership, query)
    typed = request.POST if request.method == "POST" else request.GET
    form = FormulaForm(typed if "formula" in typed else None)
    trying = request.method == "GET" or request.POST.get("action") == "try"
    form.fields["reason"].required = not trying
    valid = form.is_valid()
    formula = form.cleaned_data.get("formula") if form.is_bound else None
    if not trying and valid:
        try:
            upload = begin_formula(
                account=membership.account,
                by=membership.user,
                rows=rows,
                formula=form.cleaned_data["formula"],
                reason=form.cleaned_data["reason"],
            )
        except Denied as reason:
            form.add_error(None, str(reason))
        else:
            return redirect("upload", membership.account.slug, upload.pk)
    pairs = [(name, value) for name, value in filters.chosen().items() if name != "sort"]
    context = {
        "form": form,
        "names": [(name, meaning) for name, (_, meaning) in NAMES.items()],
        "query": urlencode(pairs),
        "query_pairs": pairs,
        "filters": _words(membership, filters),
        "trial": _trial(try_formula(formula, rows, of=TRIED)) if formula is not None else None,
        "can_ask": membership.role >= Role.REVIEWER,
    }
    part = "#trial" if getattr(request, "htmx", False) and request.method == "GET" else ""
    return render(request, f"workers/bonus_formula.html{part}", context, status=200 if trying else 422)


def _words(membership: Membership, filters: QueueFilter) -> list[str]:
    chosen = filters.chosen()
    pk = chosen.get("batch")
    batch = Batch.objects.filter(account=membership.account, pk=pk).first() if pk else None
    return [STATUSES[chosen.get("status", "")], *filters.labels(batch).values()]


def _trial(sample: Sample) -> dict[str, Any]:
    """What the page shows of a trial: a few of each outcome, and the spread of the amounts."""
    amounts = sorted(sample.amounts)
    paid = [row for row in sample.rows if row[1] is not None]
    unpaid = [row for row in sample.rows if row[1] is None]
    shown = paid[: EXAMPLES - 2] + unpaid[:2]
    return {
        "tried": len(sample.rows),
        "paid": len(amounts),
        "examples": [{"row": row, "amount": amount, "why": why} for row, amount, why in shown],
        "smallest": amounts[0] if amounts else None,
        "middle": amounts[len(amounts) // 2] if amounts else None,
        "largest": amounts[-1] if amounts else None,
        "sum": sum(amounts, Decimal(0)),
    }
