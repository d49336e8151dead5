"""What somebody says about blocks: why, and until when."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone


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
