"""What somebody says about blocks: why, until when, and files of them."""

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from dashboard import csv_files
from dashboard.permissions import Denied
from workers.actions import check_block_reason, check_worker_id

MOST_ROWS = 2_000
MOST_BYTES = 1_000_000


class BlockForm(forms.Form):
    reason = forms.CharField(
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="Reason",
        help_text="For you and MTurk; the worker does not see it.",
        error_messages={"required": "Say why: a block can cost a person their account, and somebody may ask you."},
    )
    until = forms.DateField(
        required=False,
        label="Remind us to lift it on",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="On that day its lifting is proposed here. Nothing lifts it by itself. May be empty.",
    )
    understood = forms.BooleanField(
        label="I have read what this does to a person.",
        error_messages={"required": "Read what it does, and tick the box."},
    )
    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def clean_until(self) -> datetime | None:
        return morning_of(self.cleaned_data["until"])


class UntilForm(forms.Form):
    """The day on which to look at a block again; empty forgets it."""

    until = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def clean_until(self) -> datetime | None:
        return morning_of(self.cleaned_data["until"])


def morning_of(day: Any) -> datetime | None:
    if day is None:
        return None
    if day <= timezone.localdate():
        raise forms.ValidationError("That day has passed, or is today. Choose a later one, or none.")
    return timezone.make_aware(datetime.combine(day, time(8)))


class BlockFile:
    """A CSV of blocks: WorkerId, UPDATE BlockStatus (Block or Unblock), BlockReason. Each bad row gets a sentence."""

    def __init__(self, file: Any) -> None:
        self.block: dict[str, str] = {}
        self.unblock: list[str] = []
        self.problems: list[str] = []
        self.failed: list[list[str]] = []
        self.blank = 0
        seen: set[str] = set()
        table = csv_files.read(file)
        who = table.place("WorkerId", "Worker ID")
        what, why = table.place("UPDATE BlockStatus", "UPDATE-BlockStatus"), table.place("BlockReason")
        if who is None:
            raise Denied("The file has no column WorkerId. The other two are UPDATE BlockStatus and BlockReason.")
        if what is None:
            raise Denied("The file has no column UPDATE BlockStatus, in which Block or Unblock stands.")
        for row in self._rows(table):
            wish = row.cell(what).lower()
            if not wish:
                self.blank += 1
                continue
            try:
                if row.cut:
                    raise Denied("the file ends within this row: a quotation mark is missing.")
                worker_id = check_worker_id(csv_files.unguarded(row.cell(who)))
                if worker_id in seen:
                    raise Denied(f"{worker_id} stands in an earlier row already; that one counts.")
                if wish == "block":
                    self.block[worker_id] = check_block_reason(csv_files.unguarded(row.cell(why)))
                elif wish == "unblock":
                    self.unblock.append(worker_id)
                else:
                    raise Denied(f"“{row.cell(what)[:40]}” is neither Block nor Unblock.")
            except Denied as reason:
                self.problems.append(f"Row {row.number}: {reason}")
                self.failed.append([row.cell(who), row.cell(what), row.cell(why), str(reason)])
            else:
                seen.add(worker_id)

    def _rows(self, table: csv_files.Table) -> Iterator[csv_files.Row]:
        for count, row in enumerate(table):
            if count >= MOST_ROWS:
                raise Denied(f"The file has more than {MOST_ROWS:,} rows. Send it in parts.")
            yield row
