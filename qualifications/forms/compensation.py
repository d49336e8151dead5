"""What a person says about somebody who could not hand in."""

from decimal import Decimal
from typing import Any

from django import forms

from qualifications.actions.compensation import LARGEST, LONGEST_COMPLAINT, LONGEST_MESSAGE, MOST_DAYS, check_said


class CompensationForm(forms.Form):
    worker_id = forms.CharField(max_length=64, label="Worker id", help_text="As it stands in the complaint: A2…")
    complaint = forms.CharField(
        max_length=LONGEST_COMPLAINT,
        label="What happened",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="The complaint, in the worker's words or yours. Only your team reads it.",
    )
    amount = forms.DecimalField(
        min_value=Decimal("0.01"), max_value=LARGEST, decimal_places=2, max_digits=8, label="Pay, in dollars",
        help_text="What the worker gets. The marketplace's fee comes on top, as for any HIT.",
    )  # fmt: skip
    hit_id = forms.CharField(
        required=False, max_length=64, label="HIT they could not hand in", help_text="May be empty."
    )
    message = forms.CharField(
        required=False,
        max_length=LONGEST_MESSAGE,
        label="Message to the worker",
        widget=forms.Textarea(attrs={"rows": 4}),
        initial="Thank you for telling us. We made a HIT that only you can see, so that you are paid for your work: "
        "please open it and confirm.",
        help_text="The way to the HIT is added below it, and the HIT begins with it. Empty: we send none.",
    )
    days = forms.IntegerField(
        min_value=1, max_value=MOST_DAYS, initial=14, label="Days they have for it",
        help_text="Whoever does not take it until then is not paid, and everything is cleaned up.",
    )  # fmt: skip
    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, ask: str, **options: Any) -> None:
        """`ask`: where to ask whether this worker hears from us, as soon as the id is typed."""
        super().__init__(*args, **options)
        asking = {"hx-get": ask, "hx-trigger": "change", "hx-target": "#reach", "hx-swap": "outerHTML"}
        self.fields["worker_id"].widget.attrs |= {**asking, "autocomplete": "off", "spellcheck": "false"}

    def clean_worker_id(self) -> str:
        return self.cleaned_data["worker_id"].strip().upper()

    def clean_hit_id(self) -> str:
        return self.cleaned_data["hit_id"].strip().upper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        names = ("worker_id", "complaint", "amount", "message", "days")
        said: dict[str, Any] = {name: cleaned.get(name) for name in names}
        if not self.errors:
            for name, sentence in check_said(**said).items():
                self.add_error(name, sentence)
        return cleaned
