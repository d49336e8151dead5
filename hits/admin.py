"""Lists of the mirror, and what a team brings by file: reasons, views, gold answers.

Approving and rejecting a selection, and each imported row, goes through the same actions as everywhere else.
"""

import json
from collections import defaultdict
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from import_export.fields import Field
from import_export.widgets import Widget

from dashboard.admin import ReadOnly, register_others
from dashboard.bulk_edits import BulkEdits, ByName, Edits, Text
from dashboard.models import User
from dashboard.permissions import Denied
from hits import actions
from hits.actions.reasons import save_reason
from hits.actions.saved import save_view
from hits.models import HIT, Assignment, Batch, GoldAnswer, HITType, ReasonTemplate, SavedView, Upload
from hits.rules.gold import set_gold


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
    change_list_template = "admin/list_with_uploads.html"
    upload_pages = (("Upload marked results", "marked_upload"),)

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


class ReasonEdits(Edits):
    title: Any = Field("title", "title", widget=Text())
    text: Any = Field("text", "text", widget=Text())

    class Meta(Edits.Meta):
        model = ReasonTemplate
        fields = ("account", "use", "title", "text")
        import_id_fields = ("account", "use", "title")

    def write(self, instance: ReasonTemplate) -> ReasonTemplate:
        save_reason(
            account=instance.account,
            by=self.by,
            use=instance.use,
            title=instance.title,
            text=instance.text,
            template=instance.pk,
        )
        return ReasonTemplate.objects.get(account=instance.account, use=instance.use, title=instance.title)


@admin.register(ReasonTemplate)
class ReasonTemplateAdmin(BulkEdits, ReadOnly):
    resource_classes: ClassVar = [ReasonEdits]
    list_display = ("title", "use", "text", "account")
    list_filter = ("use", "account")
    search_fields = ("title", "text")
    list_select_related = ("account",)


class ViewEdits(Edits):
    query: Any = Field("query", "query", widget=Text())

    class Meta(Edits.Meta):
        model = SavedView
        fields = ("account", "name", "query")
        import_id_fields = ("account", "name")

    def write(self, instance: SavedView) -> SavedView:
        if not instance.name or len(instance.name) > 60:
            raise Denied("Give the view a name of at most 60 characters.")
        return save_view(account=instance.account, by=self.by, name=instance.name, query=instance.query)


@admin.register(SavedView)
class SavedViewAdmin(BulkEdits, ReadOnly):
    resource_classes: ClassVar = [ViewEdits]
    list_display = ("name", "query", "made_by", "account")
    list_filter = ("account",)
    search_fields = ("name", "query")
    list_select_related = ("account", "made_by")


class Accepted(Widget):
    """A JSON list of values; anything else is the one value there is."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[Any]:
        text = str("" if value is None else value).strip()
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return [text]
        return found if isinstance(found, list) else [found]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return json.dumps(value, ensure_ascii=False)


class HITOfAccount(ByName):
    """A HIT by its id, of the row's account and no other."""

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        return HIT.objects.filter(account__slug=row.get("account", "")).defer("raw", "question")


class GoldEdits(Edits):
    hit: Any = Field("hit", "hit", widget=HITOfAccount(HIT, "hit_id", "HIT of this account with the id"))
    accepted: Any = Field("accepted", "accepted", widget=Accepted())

    class Meta(Edits.Meta):
        model = GoldAnswer
        fields = ("account", "hit", "field", "accepted")
        import_id_fields = ("hit", "field")

    def write(self, instance: GoldAnswer) -> GoldAnswer:
        set_gold(hit=instance.hit, name=instance.field, accepted=instance.accepted, by=self.by)
        return GoldAnswer.objects.get(hit=instance.hit, field=instance.field.strip())


@admin.register(GoldAnswer)
class GoldAnswerAdmin(BulkEdits, ReadOnly):
    resource_classes: ClassVar = [GoldEdits]
    list_display = ("hit", "field", "accepted", "made_by", "account")
    list_filter = ("account",)
    search_fields = ("=hit__hit_id", "field")
    list_select_related = ("account", "hit", "made_by")


@admin.register(Upload)
class UploadAdmin(ReadOnly):
    list_display = ("created_at", "name", "kind", "rows_read", "unmarked", "made_by", "account")
    list_filter = ("kind", "account")
    search_fields = ("name", "=id")
    list_select_related = ("account", "made_by")
    change_list_template = "admin/list_with_uploads.html"
    upload_pages = (("Upload marked results", "marked_upload"), ("Upload bonuses", "bonus_upload"))


register_others("hits")
