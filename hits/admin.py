"""Lists of the mirror. Approving and rejecting a selection goes through the same actions as everywhere else."""

from collections import defaultdict
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from dashboard.admin import ReadOnly
from dashboard.models import User
from dashboard.permissions import Denied
from hits import actions
from hits.models import HIT, Assignment, Batch, HITType


class ReasonForm(forms.Form):
    """Why a selection is rejected; each of its workers reads it."""

    feedback = forms.CharField(
        max_length=1024, label="Reason", widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"})
    )


@admin.register(HITType)
class HITTypeAdmin(ReadOnly):
    list_display = ("hit_type_id", "title", "reward", "account")
    list_filter = ("account",)
    search_fields = ("=hit_type_id", "title")
    list_select_related = ("account",)


@admin.register(Batch)
class BatchAdmin(ReadOnly):
    list_display = ("name", "key", "account", "created_at")
    list_filter = ("account",)
    search_fields = ("name", "=key")
    list_select_related = ("account",)


@admin.register(HIT)
class HITAdmin(ReadOnly):
    list_display = ("hit_id", "hit_type", "batch", "status", "review_status", "max_assignments", "available", "pending",
                    "completed", "expires_at", "gone_at", "account")  # fmt: skip
    list_filter = ("status", "review_status", "account")
    search_fields = ("=hit_id", "=hit_group_id", "=hit_type__hit_type_id", "hit_type__title")
    list_select_related = ("account", "hit_type", "batch")

    def get_queryset(self, request: HttpRequest) -> QuerySet[HIT]:
        return super().get_queryset(request).defer("raw", "question")


@admin.register(Assignment)
class AssignmentAdmin(ReadOnly):
    list_display = ("assignment_id", "worker_id", "status", "submitted_at", "auto_approval_at", "account")
    list_filter = ("status", "account")
    search_fields = ("=assignment_id", "=worker_id", "=hit__hit_id")
    list_select_related = ("account",)
    raw_id_fields = ("hit", "verdict")
    actions = ("approve_selected", "reject_selected")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Assignment]:
        return super().get_queryset(request).defer("raw", "answer")

    @admin.action(description="Approve and pay")
    def approve_selected(self, request: HttpRequest, queryset: QuerySet[Assignment]) -> None:
        _decide(request, queryset, "approve", "")

    @admin.action(description="Reject, with a reason")
    def reject_selected(self, request: HttpRequest, queryset: QuerySet[Assignment]) -> HttpResponse | None:
        form = ReasonForm(request.POST if "feedback" in request.POST else None)
        if form.is_valid():
            _decide(request, queryset, "reject", form.cleaned_data["feedback"])
            return None
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": "Reject",
            "opts": self.model._meta,
            "rows": queryset,
            "form": form,
            "action": "reject_selected",
        }
        return TemplateResponse(request, "admin/hits/reject.html", context)


def _decide(request: HttpRequest, rows: QuerySet[Assignment], verdict: str, feedback: str) -> None:
    assert isinstance(request.user, User)
    by_account = defaultdict(list)
    for row in rows.select_related("account"):
        by_account[row.account].append(row.assignment_id)
    for account, ids in by_account.items():
        try:
            done = actions.decide_together(
                account=account, assignment_ids=ids, by=request.user, verdict=verdict, feedback=feedback
            )
        except Denied as reason:
            messages.error(request, f"{account}: nothing was changed. {reason}")
            continue
        for assignment_id, sentence in list(done.refused.items())[:20]:
            messages.error(request, f"{assignment_id}: {sentence}")
        if done.commands:
            messages.success(request, f"{account}: {len(done.commands)} asked for; see Activity.")
