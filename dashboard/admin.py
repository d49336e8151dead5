"""The administration site: lists of everything. What mirrors MTurk is read-only; what acts goes through Commands."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.core.paginator import Paginator
from django.db.models import BinaryField, JSONField, Model, QuerySet, TextField
from django.http import HttpRequest
from django.urls import reverse

from dashboard import commands
from dashboard.models import Account, AuditEvent, AuditHead, Command, Drift, Heartbeat, Job, Membership, SyncRun, User
from dashboard.permissions import Denied


class CappedPaginator(Paginator):
    """Counts to ten thousand and no further: nobody turns that many pages, and a whole table is never scanned."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows[: self.most].count()


class ReadOnly(admin.ModelAdmin):
    """Look, search and filter; nothing is added, changed or deleted here."""

    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50
    #: Pages that do with MTurk's leave what is not done here: (label, name of the URL).
    upload_pages: tuple[tuple[str, str], ...] = ()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        context = {**(extra_context or {}), "upload_pages": _in_each_account(request, self.upload_pages)}
        return super().changelist_view(request, context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _in_each_account(request: HttpRequest, pages: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    if not pages:
        return []
    slugs = list(Membership.objects.filter(user=request.user.pk).values_list("account__slug", "account__name"))
    return [(f"{label} ({name})", reverse(url, args=[slug])) for label, url in pages for slug, name in slugs]


def register_others(app_label: str) -> None:
    """A plain list for each model of an app that has none of its own: whatever is kept can be looked at."""
    for model in apps.get_app_config(app_label).get_models():
        if not admin.site.is_registered(model):
            admin.site.register(model, type(f"{model.__name__}Admin", (ReadOnly,), _plain(model)))


def _plain(model: type[Model]) -> dict[str, Any]:
    """Its first columns that are no long text, with the account to filter by."""
    long = (BinaryField, JSONField, TextField)
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, long)]
    shown = [field.name for field in fields if field.name != "id"][:7] or ["pk"]
    related = tuple(field.name for field in fields if field.is_relation and field.name in shown)
    filters = ("account",) if any(field.name == "account" for field in fields) else ()
    return {"list_display": shown, "list_select_related": related or False, "list_filter": filters}


def each(request: HttpRequest, rows: QuerySet[Any], act: Callable[[Any], None], done: str) -> None:
    """Do something to each row by itself and say how many it was; those refused are named with the reason."""
    count = 0
    for row in rows:
        try:
            act(row)
        except Denied as reason:
            messages.error(request, f"{row}: {reason}")
        else:
            count += 1
    if count:
        messages.success(request, f"{count} {done}.")


@admin.register(User)
class UserAdmin(StockUserAdmin):
    list_display = ("username", "email", "is_active", "is_staff", "last_login", "time_zone")
    fieldsets = (*StockUserAdmin.fieldsets, ("HITdesk", {"fields": ["time_zone"]}))  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # People who decided something stay; take their "active" away instead.
        return False


@admin.register(Account)
class AccountAdmin(ReadOnly):
    """Accounts and members are changed on the account's own settings page, where the audit sees it."""

    list_display = ("name", "slug", "environment", "endpoint_url", "available_balance", "balance_at", "problem")
    list_filter = ("environment",)
    search_fields = ("name", "slug", "endpoint_url", "access_key_id")
    exclude = ("secret_encrypted",)


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    list_display = ("user", "account", "role")
    list_filter = ("role", "account")
    search_fields = ("user__username", "account__name")
    list_select_related = ("user", "account")


@admin.register(Command)
class CommandAdmin(ReadOnly):
    list_display = ("created_at", "account", "kind", "worker_id", "assignment_id", "amount", "fee", "state",
                    "requested_by", "error_code")  # fmt: skip
    list_filter = ("state", "kind", "account")
    search_fields = ("=assignment_id", "=worker_id", "=hit_id", "=id", "=error_code", "=requested_by__username")
    list_select_related = ("account", "requested_by")
    date_hierarchy = None
    actions = ("cancel", "release", "decline", "retry")

    @admin.action(description="Cancel what was not sent")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Command]) -> None:
        each(request, _acting(queryset), lambda row: commands.cancel(row, by=_person(request)), "cancelled")

    @admin.action(description="Release proposals")
    def release(self, request: HttpRequest, queryset: QuerySet[Command]) -> None:
        each(request, _acting(queryset), lambda row: commands.release(row, by=_person(request)), "released")

    @admin.action(description="Decline proposals")
    def decline(self, request: HttpRequest, queryset: QuerySet[Command]) -> None:
        each(request, _acting(queryset), lambda row: commands.decline(row, by=_person(request)), "declined")

    @admin.action(description="Try failed ones again, asking MTurk first")
    def retry(self, request: HttpRequest, queryset: QuerySet[Command]) -> None:
        each(request, _acting(queryset), lambda row: commands.retry(row, by=_person(request)), "are tried again")


def _acting(rows: QuerySet[Command]) -> QuerySet[Command]:
    return rows.select_related("account", "requested_by")


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@admin.register(Job)
class JobAdmin(ReadOnly):
    list_display = ("title", "account", "kind", "state", "total", "skipped", "amount", "requested_by", "created_at")
    list_filter = ("state", "kind", "account")
    search_fields = ("title", "=id", "=requested_by__username")
    list_select_related = ("account", "requested_by")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    list_display = ("chain", "number", "at", "actor", "kind", "subject", "text")
    list_filter = ("chain", "kind")
    search_fields = ("=subject", "=actor", "=kind", "=request_id")


@admin.register(AuditHead)
class AuditHeadAdmin(ReadOnly):
    list_display = ("chain", "number", "hash")


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnly):
    list_display = ("account", "started_at", "finished_at", "full", "hits_seen", "assignments_seen", "calls", "error")
    list_filter = ("full", "account")
    list_select_related = ("account",)


@admin.register(Drift)
class DriftAdmin(ReadOnly):
    list_display = ("account", "kind", "sentence", "found_at", "gone_at", "dismissed_by")
    list_filter = ("kind", "account")
    list_select_related = ("account", "dismissed_by")
    search_fields = ("assignment_id", "hit_id", "worker_id")


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly):
    list_display = ("name", "at")


register_others("dashboard")
