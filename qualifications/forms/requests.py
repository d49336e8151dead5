"""What a person says about requests for a qualification."""

from typing import Any

from django import forms

from qualifications.actions.requests import VALUE_LARGEST
from qualifications.models import QualificationType

_BOUNDS: Any = {"min_value": -VALUE_LARGEST, "max_value": VALUE_LARGEST}


class RequestFilter(forms.Form):
    """The filters of the list of requests."""

    STATES: Any = {
        "waiting": "Waiting",
        "deciding": "On their way",
        "granted": "Granted",
        "rejected": "Rejected",
        "gone": "Decided elsewhere",
    }
    state = forms.ChoiceField(choices=list(STATES.items()), required=False, widget=forms.HiddenInput)
    type = forms.CharField(required=False, max_length=64, label="Qualification id")
    worker = forms.CharField(required=False, max_length=64, label="Worker id")
    score_from = forms.IntegerField(
        required=False, label="Score from", min_value=-VALUE_LARGEST, max_value=VALUE_LARGEST
    )
    score_to = forms.IntegerField(
        required=False, label="Score up to", min_value=-VALUE_LARGEST, max_value=VALUE_LARGEST
    )

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        chosen.setdefault("state", "waiting")
        return chosen

    def frozen(self) -> dict[str, Any]:
        """The filters as a job keeps them."""
        return self.chosen()

    def labels(self, kind: QualificationType | None) -> dict[str, str]:
        chosen = self.chosen()
        labels = {}
        if "type" in chosen:
            labels["type"] = kind.name if kind else f"Qualification {chosen['type']}"
        if "worker" in chosen:
            labels["worker"] = f"Worker {chosen['worker']}"
        if "score_from" in chosen:
            labels["score_from"] = f"score from {chosen['score_from']}"
        if "score_to" in chosen:
            labels["score_to"] = f"score up to {chosen['score_to']}"
        return labels


class DecideForm(forms.Form):
    """One decision; `value` empty means the score of our key."""

    action = forms.ChoiceField(choices=[("accept", "accept"), ("reject", "reject")])
    value = forms.IntegerField(
        required=False, **_BOUNDS, error_messages={"invalid": "A value is a whole number, such as 80."}
    )
    reason = forms.CharField(required=False, max_length=1024)
    form_key = forms.UUIDField(required=False)
