"""What a person says about assignments: which ones to show, and what to do with one."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from hits.models import AssignmentQuerySet, Batch

STATUSES = {
    "waiting": "To review",
    "deciding": "On their way",
    "approved": "Approved",
    "rejected": "Rejected",
    "all": "All",
}
#: value -> (label, column, descending); every one has an index behind it.
SORTS = {
    "deadline": ("Time left", "auto_approval_at", False),
    "newest": ("Newest first", "submitted_at", True),
    "oldest": ("Oldest first", "submitted_at", False),
}
DEADLINES = {"4h": timedelta(hours=4), "24h": timedelta(hours=24), "3d": timedelta(days=3)}


class QueueFilter(forms.Form):
    """The filters of the review queue; they live in the URL, so any of its values may be anybody's text."""

    status = forms.ChoiceField(choices=list(STATUSES.items()), required=False, widget=forms.HiddenInput)
    sort = forms.ChoiceField(
        choices=[(value, sort[0]) for value, sort in SORTS.items()], required=False, widget=forms.HiddenInput
    )
    # Chosen by a click on a batch's name; a list of all of them would cost every page a query.
    batch = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    worker = forms.CharField(required=False, max_length=64, label="Worker id")
    hit = forms.CharField(required=False, max_length=64, label="HIT id")
    text = forms.CharField(required=False, max_length=200, label="Words in the answer")
    deadline = forms.ChoiceField(
        required=False,
        label="Approved automatically within",
        choices=[("", "any time"), ("4h", "4 hours"), ("24h", "24 hours"), ("3d", "3 days")],
    )

    def chosen(self) -> dict[str, Any]:
        """The filters that are valid and set; a bad value in a URL is no filter, not an error page."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        chosen.setdefault("status", "waiting")
        chosen.setdefault("sort", "deadline")
        return chosen

    def apply(self, rows: AssignmentQuerySet) -> AssignmentQuerySet:
        return rows.matching(self.frozen())

    def frozen(self) -> dict[str, Any]:
        """The filters as a job keeps them (JSON): "within 4 hours" becomes the moment that is meant."""
        chosen = self.chosen()
        if "deadline" in chosen:
            chosen["before"] = (timezone.now() + DEADLINES[chosen.pop("deadline")]).isoformat()
        return chosen

    def labels(self, batch: Batch | None) -> dict[str, str]:
        """For the chips: name -> words, without status and sort, which have their own controls."""
        chosen = self.chosen()
        words = {"worker": "Worker {}", "hit": "HIT {}", "text": "“{}”", "deadline": "Closes within {}"}
        labels = {name: text.format(chosen[name]) for name, text in words.items() if name in chosen}
        if "batch" in chosen:
            labels["batch"] = f"Batch {batch}" if batch else "Batch that is not here"
        return labels


class DecisionForm(forms.Form):
    """approve, reject or override one assignment."""

    action = forms.ChoiceField(choices=[(name, name) for name in ("approve", "reject", "override")])
    feedback = forms.CharField(required=False, max_length=1024, strip=True)
    form_key = forms.UUIDField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("action") == "reject" and "feedback" in cleaned and not cleaned["feedback"]:
            self.add_error("feedback", "Say why: the worker reads the reason.")
        return cleaned


class DecideManyForm(forms.Form):
    """approve or reject a selection."""

    action = forms.ChoiceField(choices=[(name, name) for name in ("approve", "reject")])
    feedback = forms.CharField(required=False, max_length=1024, strip=True)
