"""What a person says about batches: which ones to show, and how many answers to look at a second time."""

from typing import Any

from django import forms

from hits.actions.second_reviews import MOST_AT_ONCE


class BatchSearch(forms.Form):
    """Words in the name or key of a batch; from a URL, so a bad value is none."""

    q = forms.CharField(required=False, max_length=200, label="Name or BatchId")

    def words(self) -> str:
        return str(self.cleaned_data.get("q", "")).replace("\0", "") if self.is_valid() else ""


class AskForm(forms.Form):
    """A sample for second reviews: a number, or percent of what is decided."""

    amount = forms.IntegerField(
        min_value=1,
        max_value=MOST_AT_ONCE,
        label="How many",
        error_messages={
            "required": "Type how many.",
            "invalid": "Type a whole number.",
            "min_value": "Ask for at least one.",
            "max_value": f"Ask for {MOST_AT_ONCE:,} at most at a time.",
        },
    )
    unit = forms.ChoiceField(choices=[("percent", "percent of the decided"), ("answers", "answers")], label="Of what")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("unit") == "percent" and (cleaned.get("amount") or 0) > 100:
            self.add_error("amount", "100 percent is the most. Choose “answers” to give a number.")
        return cleaned

    def sample(self) -> dict[str, int]:
        """As hits.actions.second_reviews.ask takes it."""
        return {"percent" if self.cleaned_data["unit"] == "percent" else "number": self.cleaned_data["amount"]}


class JudgeForm(forms.Form):
    """A second verdict."""

    verdict = forms.ChoiceField(
        choices=[("approve", "Approve"), ("reject", "Reject")],
        error_messages={"required": "Choose approve or reject.", "invalid_choice": "Choose approve or reject."},
    )
    note = forms.CharField(
        required=False,
        max_length=1024,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": "The note has %(show_value)s characters; %(limit_value)s is the most."},
    )
