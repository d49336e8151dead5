"""Lists of workers and of what was done for or to them; notes and tags come by file, through their actions."""

from typing import Any, ClassVar

from django.contrib import admin
from import_export.fields import Field

from dashboard.admin import ReadOnly, register_others
from dashboard.bulk_edits import BulkEdits, Edits, Text
from workers.actions.notes import add_note, check_worker_id, tag
from workers.models import BonusPayment, Worker, WorkerNote, WorkerTag


@admin.register(BonusPayment)
class BonusPaymentAdmin(ReadOnly):
    list_display = ("granted_at", "worker_id", "assignment_id", "amount", "reason", "account")
    list_filter = ("account",)
    search_fields = ("=worker_id", "=assignment_id", "reason")
    list_select_related = ("account",)
    change_list_template = "admin/list_with_uploads.html"
    upload_pages = (("Upload bonuses", "bonus_upload"),)


@admin.register(Worker)
class WorkerAdmin(ReadOnly):
    list_display = ("worker_id", "answers", "approved", "rejected", "bonus_total", "last_at", "blocked", "account")
    list_filter = ("blocked", "soft_blocked", "account")
    search_fields = ("=worker_id",)
    list_select_related = ("account",)


class NoteEdits(Edits):
    """Notes are only added: the same text about the same worker again is no second note."""

    worker_id: Any = Field("worker_id", "worker_id", widget=Text())
    text: Any = Field("text", "text", widget=Text())

    class Meta(Edits.Meta):
        model = WorkerNote
        fields = ("account", "worker_id", "text")
        import_id_fields = ("account", "worker_id", "text")

    def write(self, instance: WorkerNote) -> WorkerNote:
        return add_note(account=instance.account, worker_id=instance.worker_id, by=self.by, text=instance.text)


@admin.register(WorkerNote)
class WorkerNoteAdmin(BulkEdits, ReadOnly):
    resource_classes: ClassVar = [NoteEdits]
    list_display = ("worker_id", "text", "made_by", "made_at", "account")
    list_filter = ("account",)
    search_fields = ("=worker_id", "text")
    list_select_related = ("account", "made_by")


class TagEdits(Edits):
    """Workers by id; somebody new becomes known by being tagged."""

    worker: Any = Field("worker__worker_id", "worker", widget=Text())
    name: Any = Field("name", "tag", widget=Text())

    class Meta(Edits.Meta):
        model = WorkerTag
        fields = ("account", "worker", "name")
        import_id_fields = ("account", "worker", "name")

    def get_instance(self, instance_loader: Any, row: Any) -> WorkerTag | None:
        return WorkerTag.objects.filter(
            account__slug=row.get("account", ""),
            worker__worker_id=str(row.get("worker", "")).strip().upper(),
            name=" ".join(str(row.get("tag", "")).split()).lower(),
        ).first()

    def import_instance(self, instance: WorkerTag, row: Any, **kwargs: Any) -> None:
        if instance.pk is not None:
            return
        for name in ("account", "name"):
            self.import_field(self.fields[name], instance, row, **kwargs)
        instance.asked = str(row.get("worker", ""))

    def write(self, instance: WorkerTag) -> WorkerTag:
        worker_id = check_worker_id(instance.asked)  # type: ignore[attr-defined]
        tag(account=instance.account, worker_ids=[worker_id], by=self.by, name=instance.name)
        written = WorkerTag.objects.select_related("worker").get(
            account=instance.account, worker__worker_id=worker_id, name=" ".join(instance.name.split()).lower()
        )
        instance.worker, instance.name = written.worker, written.name
        return written


@admin.register(WorkerTag)
class WorkerTagAdmin(BulkEdits, ReadOnly):
    resource_classes: ClassVar = [TagEdits]
    list_display = ("name", "worker", "made_by", "account")
    list_filter = ("account",)
    search_fields = ("=name", "=worker__worker_id")
    list_select_related = ("account", "worker", "made_by")


register_others("workers")
