"""The verdicts of an uploaded file: each row is its own words, and is marked with the command it became."""

import uuid
from dataclasses import replace
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from dashboard.jobs import Wish, register
from dashboard.models import Account
from dashboard.permissions import Denied
from hits.jobs.verdicts import BulkApprove, BulkOverride, BulkReject, BulkVerdict
from hits.models import Assignment, UploadRow


class MarkedVerdict(BulkVerdict):
    """A verdict about the assignments that rows of an upload name; the selection is {"upload": id}."""

    about = "uploads"
    options: ClassVar[tuple[str, ...]] = ("upload",)
    action: ClassVar[str]

    def select(self, account: Account, selection: dict[str, Any]) -> QuerySet[Assignment]:
        rows = UploadRow.objects.filter(
            upload=selection["upload"], upload__account=account, action=self.action, fate=UploadRow.Fate.GO
        )
        return Assignment.objects.of(account).filter(pk__in=rows.values("assignment"))

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"upload": str(options["upload"])}

    def load(self, rows: list[Assignment]) -> None:
        super().load(rows)
        # Of all uploads, since which one it is stands in the options; few name the same assignment.
        marks = UploadRow.objects.filter(action=self.action, fate=UploadRow.Fate.GO)
        marks = marks.only("upload", "assignment", "text")
        prefetch_related_objects(rows, Prefetch("upload_rows", marks, to_attr="marks"))

    def weigh(self, row: Assignment, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        marks: list[UploadRow] = row.marks  # type: ignore[attr-defined]
        mark = next((mark for mark in marks if str(mark.upload_id) == options["upload"]), None)
        if mark is None:
            raise Denied("The row that named it is gone.")
        row.marks = [mark]  # type: ignore[attr-defined]
        wish = super().weigh(row, {}, identity)
        # As it stands in the file: what looks like a variable there is none.
        said = {"RequesterFeedback": mark.text} if mark.text else {}
        return replace(wish, params={**wish.params, **said}, note=mark.text)

    def mark(self, made: list[tuple[Assignment, uuid.UUID]]) -> None:
        super().mark(made)
        pairs = [(identity, row.marks[0].pk) for row, identity in made]  # type: ignore[attr-defined]
        UploadRow.became(pairs)


@register
class MarkedApprove(MarkedVerdict, BulkApprove):
    name = "marked_approve"
    action = UploadRow.Action.APPROVE


@register
class MarkedReject(MarkedVerdict, BulkReject):
    name = "marked_reject"
    action = UploadRow.Action.REJECT


@register
class MarkedOverride(MarkedVerdict, BulkOverride):
    name = "marked_override"
    action = UploadRow.Action.OVERRIDE
