"""The operator's admin: requesters and their keys, money, workers, invitations, payouts, fees; all else to look at.

Money is only ever added through the ledger, and nothing that was earned, paid or decided can be changed here.
"""

import csv
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html

from marketplace import clock, ids, ledger, models, payouts
from marketplace.site.accounts import origin
from marketplace.site.people import UploadForm, create_from_csv
from marketplace.transactions import writing


def _safe(cell: str) -> str:
    """A spreadsheet takes these beginnings for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _name_dates(form: Any) -> Any:
    """A date and a time beside it are two fields; each says which it is."""
    for field in form.base_fields.values():
        if isinstance(field.widget, AdminSplitDateTime):
            for widget, name in zip(field.widget.widgets, ("date", "time"), strict=True):
                widget.attrs["aria-label"] = f"{field.label}, {name}"
    return form


class ReadOnly(admin.ModelAdmin):
    """Rows to look at: what happened is changed by nobody."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RequesterForm(forms.ModelForm):
    """A requester; money is added beside, since balances are sums of the ledger."""

    top_up = forms.DecimalField(
        label="Add money",
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal("10000000"),
        decimal_places=2,
        help_text="US dollars, paid in from outside; a row of the ledger.",
    )
    new_keys = forms.BooleanField(
        label="Make new keys",
        required=False,
        help_text="The old pair stops working at once. The new one is shown once.",
    )

    class Meta:
        model = models.Requester
        fields = ("name", "email")


@admin.register(models.Requester)
class RequesterAdmin(admin.ModelAdmin):
    form = RequesterForm
    list_display = ("__str__", "access_key_id", "available", "on_hold", "created_at")
    search_fields = ("name", "access_key_id", "email")
    readonly_fields = ("access_key_id", "available", "on_hold")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: models.Requester, form: Any, change: bool) -> None:
        with writing():
            if not change:
                obj.created_at = clock.now()
            if not change or form.cleaned_data.get("new_keys"):
                obj.access_key_id, obj.secret_access_key = ids.new_access_key_id(), ids.new_secret_access_key()
                messages.warning(
                    request,
                    f"Access key {obj.access_key_id}, secret access key {obj.secret_access_key}: write them down now, "
                    "the secret is not shown again.",
                )
            # Never the balances: what this page read may be old by now.
            obj.save(update_fields=["name", "email", "access_key_id", "secret_access_key"] if change else None)
            if amount := form.cleaned_data.get("top_up"):
                ledger.deposit(obj.pk, amount, at=clock.now())


@admin.register(models.Worker)
class WorkerAdmin(admin.ModelAdmin):
    list_display = ("worker_id", "user", "country", "is_master", "created_at")
    list_filter = ("is_master", "accepts_adult_content")
    search_fields = ("worker_id", "user__username", "user__email")
    fields = ("worker_id", "user", "country", "subdivision", "accepts_adult_content", "is_master", "wants_letters")
    readonly_fields = ("worker_id",)
    raw_id_fields = ("user",)
    change_list_template = "admin/marketplace/worker/change_list.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # by signing up, an invitation, or the upload

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        own = path("upload/", self.admin_site.admin_view(self.upload), name="marketplace_worker_upload")
        return [own, *super().get_urls()]

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Workers from a CSV; the answer is a CSV with their ids and first passwords, which are kept nowhere."""
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            made = create_from_csv(form.cleaned_data["rows"])
            response = HttpResponse(content_type="text/csv; charset=utf-8")
            response["Content-Disposition"] = 'attachment; filename="new-workers.csv"'
            writer = csv.writer(response)
            writer.writerow(["username", "email", "WorkerId", "password", "problem"])
            writer.writerows([_safe(cell) for cell in row] for row in made)
            return response
        context = {**self.admin_site.each_context(request), "form": form, "title": "Workers from a CSV file"}
        return TemplateResponse(request, "admin/marketplace/worker/upload.html", context)


@admin.register(models.Invitation)
class InvitationAdmin(admin.ModelAdmin):
    list_display = ("name", "uses_left", "expires_at", "created_at")
    fields = ("name", "uses_left", "expires_at", "link")
    readonly_fields = ("link",)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self._origin = origin(request)
        return _name_dates(super().get_form(request, *args, **kwargs))

    @admin.display(description="Link to send")
    def link(self, invitation: models.Invitation) -> str:
        if not invitation.pk:
            return "Stands here once it is saved."
        return format_html("<code>{}{}</code>", self._origin, reverse("join", args=[invitation.token]))

    def save_model(self, request: HttpRequest, obj: models.Invitation, form: Any, change: bool) -> None:
        if not change:
            obj.created_at = clock.now()
        super().save_model(request, obj, form, change)


class PayoutInline(admin.TabularInline):
    model = models.Payout
    fields = readonly_fields = ("worker", "amount")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(models.PayoutRun)
class PayoutRunAdmin(ReadOnly):
    list_display = ("__str__", "made_by", "paid_at")
    change_list_template = "admin/marketplace/payoutrun/change_list.html"
    change_form_template = "admin/marketplace/payoutrun/change_form.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("make/", view(self.make), name="marketplace_payoutrun_make"),
            path("<int:pk>/csv/", view(self.as_csv), name="marketplace_payoutrun_csv"),
            path("<int:pk>/paid/", view(self.paid), name="marketplace_payoutrun_paid"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        amounts = payouts.owed()
        owed = {"owed": sum(amounts.values(), Decimal(0)), "owed_to": len(amounts)}
        return super().changelist_view(request, {**(extra_context or {}), **owed})

    def make(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and request.user.has_perm("marketplace.add_payoutrun"):
            try:
                run = payouts.make(by=request.user)
            except payouts.NothingToPay:
                messages.info(request, "Nobody is owed anything.")
            else:
                messages.success(request, "Made. Download the CSV, send the money, then mark it as paid.")
                return redirect("admin:marketplace_payoutrun_change", run.pk)
        return redirect("admin:marketplace_payoutrun_changelist")

    def as_csv(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = get_object_or_404(models.PayoutRun, pk=pk)
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="payout-{run.pk}.csv"'
        writer = csv.writer(response)
        writer.writerow(["WorkerId", "name", "email", "amount"])
        writer.writerows([_safe(cell) for cell in row] for row in payouts.rows(run))
        return response

    def paid(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = get_object_or_404(models.PayoutRun, pk=pk)
        if request.method == "POST" and request.user.has_perm("marketplace.change_payoutrun"):
            if payouts.mark_paid(run):
                messages.success(request, "Marked as paid.")
            else:
                messages.warning(request, "It was marked as paid before.")
        return redirect("admin:marketplace_payoutrun_change", pk)


@admin.register(models.Payout)
class PayoutAdmin(ReadOnly):
    list_display = ("worker", "amount", "run")
    search_fields = ("worker__worker_id",)
    list_select_related = ("worker", "run")


@admin.register(models.FeeRate)
class FeeRateAdmin(ReadOnly):
    """New fees can be announced; fees that were are never changed."""

    list_display = ("valid_from", "base", "many_from", "many_assignments", "masters", "bonus", "minimum")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("marketplace.add_feerate")

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return _name_dates(super().get_form(request, *args, **kwargs))


@admin.register(models.LedgerEntry)
class LedgerEntryAdmin(ReadOnly):
    list_display = ("at", "kind", "amount", "requester", "worker")
    list_filter = ("kind",)
    search_fields = ("requester__access_key_id", "worker__worker_id")
    list_select_related = ("requester", "worker")
    show_full_result_count = False


@admin.register(models.Assignment)
class AssignmentAdmin(ReadOnly):
    list_display = ("assignment_id", "worker", "status", "reward", "submit_time")
    list_filter = ("status",)
    search_fields = ("assignment_id", "worker__worker_id", "hit__hit_id")
    list_select_related = ("worker",)
    show_full_result_count = False


@admin.register(models.HIT)
class HITAdmin(ReadOnly):
    list_display = ("hit_id", "hit_type", "requester", "max_assignments", "open_slots", "created_at", "expiration")
    search_fields = ("hit_id", "hit_type__title", "requester__access_key_id")
    list_select_related = ("hit_type", "requester")
    show_full_result_count = False


class AdvanceForm(forms.Form):
    """How far to move marketplace time on."""

    STEPS = ((1, "an hour"), (24, "a day"), (24 * 7, "a week"), (24 * 30, "30 days"))
    hours = forms.DecimalField(min_value=Decimal("0.01"), max_value=Decimal(87_600), decimal_places=2)


@admin.register(models.Clock)
class ClockAdmin(ReadOnly):
    """How far marketplace time was moved, and moving it on: there only while the control paths are on (`--control`)."""

    list_display = ("marketplace_time", "moved_by")
    change_list_template = "admin/marketplace/clock/change_list.html"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(settings.CONTROL) and super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(settings.CONTROL) and super().has_view_permission(request, obj)

    def get_urls(self) -> list[Any]:
        own = path("advance/", self.admin_site.admin_view(self.advance), name="marketplace_clock_advance")
        return [own, *super().get_urls()]

    @admin.display(description="marketplace time")
    def marketplace_time(self, row: models.Clock) -> str:
        return f"{clock.now():%Y-%m-%d %H:%M:%S} UTC"

    @admin.display(description="ahead of the machine's")
    def moved_by(self, row: models.Clock) -> str:
        return str(timedelta(milliseconds=row.offset_ms))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        shown = {"title": "Marketplace time", "now": clock.now(), "steps": AdvanceForm.STEPS, "form": AdvanceForm()}
        return super().changelist_view(request, {**(extra_context or {}), **shown})

    def advance(self, request: HttpRequest) -> HttpResponse:
        """Move time on by `hours` and do what falls due on the way."""
        form = AdvanceForm(request.POST)
        if not settings.CONTROL or not request.user.has_perm("marketplace.change_clock"):
            raise PermissionDenied
        if request.method == "POST" and form.is_valid():
            try:
                moment = clock.advance(float(form.cleaned_data["hours"] * 3600))
            except ValueError as problem:
                messages.error(request, str(problem))
            else:
                messages.success(request, f"It is {moment:%Y-%m-%d %H:%M:%S} UTC now; what was due has been done.")
        elif request.method == "POST":
            messages.error(request, "Say how many hours, up to 87,600 (ten years).")
        return redirect("admin:marketplace_clock_changelist")


for model in (
    models.Bonus,
    models.ExternalIdentity,
    models.HITLayout,
    models.HITType,
    models.Inquiry,
    models.Message,
    models.Notification,
    models.NotificationSetting,
    models.Qualification,
    models.QualificationRequest,
    models.QualificationType,
    models.RequiredQualification,
    models.ReviewAction,
    models.ReviewResult,
    models.UsedToken,
    models.WorkerBlock,
):
    admin.site.register(model, ReadOnly)
