"""What a person says about HITs: which ones to show, and what to do with one."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from dashboard.models import Account
from hits.actions import CHANGES
from hits.models import Batch, HITQuerySet, HITType

HIT_STATUSES = {
    "": "All",
    "assignable": "Open to workers",
    "unassignable": "All taken",
    "reviewable": "Ready to review",
    "reviewing": "In review",
    "gone": "Gone",
}
#: value -> (label, column, descending); every one has an index behind it.
HIT_SORTS = {
    "newest": ("Newest first", "created_at", True),
    "oldest": ("Oldest first", "created_at", False),
    "ends": ("Ends first", "expires_at", False),
    "ended": ("Ends last", "expires_at", True),
}
ENDS = {"over": "Time is over", "1h": "Ends within an hour", "24h": "Ends within a day", "open": "Time is left"}
_ENDS_WITHIN = {"1h": timedelta(hours=1), "24h": timedelta(days=1)}


class HITFilter(forms.Form):
    """The filters of the HIT table; they live in the URL, so any of its values may be anybody's text."""

    status = forms.ChoiceField(choices=list(HIT_STATUSES.items()), required=False, widget=forms.HiddenInput)
    sort = forms.ChoiceField(
        choices=[(value, sort[0]) for value, sort in HIT_SORTS.items()], required=False, widget=forms.HiddenInput
    )
    batch = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    text = forms.CharField(required=False, max_length=200, label="Words in the title")
    type = forms.CharField(required=False, max_length=64, label="HIT type id")
    ends = forms.ChoiceField(required=False, label="End", choices=[("", "any time"), *ENDS.items()])

    def chosen(self) -> dict[str, Any]:
        """The filters that are valid and set; a bad value in a URL is no filter, not an error page."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        chosen.setdefault("sort", "newest")
        return chosen

    def apply(self, rows: HITQuerySet) -> HITQuerySet:
        rows = rows.matching(self.frozen())
        if self.chosen()["sort"] in ("ends", "ended"):
            # MTurk always says when a HIT ends; a null would fall out of the pages.
            rows = rows.exclude(expires_at=None)
        return rows

    def frozen(self) -> dict[str, Any]:
        """The filters as a job keeps them (JSON): "within an hour" becomes the moments that are meant."""
        chosen, now = self.chosen(), timezone.now()
        ends = chosen.pop("ends", "")
        if ends == "over":
            chosen["ends_until"] = now.isoformat()
        elif ends:
            chosen["ends_after"] = now.isoformat()
        if ends in _ENDS_WITHIN:
            chosen["ends_until"] = (now + _ENDS_WITHIN[ends]).isoformat()
        return chosen

    def labels(self, batch: Batch | None) -> dict[str, str]:
        """For the chips: name -> words, without status and sort, which have their own controls."""
        chosen = self.chosen()
        words = {"text": "“{}”", "type": "HIT type {}"}
        labels = {name: text.format(chosen[name]) for name, text in words.items() if name in chosen}
        if "ends" in chosen:
            labels["ends"] = ENDS[chosen["ends"]]
        if "batch" in chosen:
            labels["batch"] = f"Batch {batch}" if batch else "Batch that is not here"
        return labels


UNITS = {"hours": timedelta(hours=1), "days": timedelta(days=1)}


class ChangeForm(forms.Form):
    """One change of a HIT; of the details only those of its action are looked at."""

    action = forms.ChoiceField(choices=[(name, name) for name in CHANGES])
    form_key = forms.UUIDField(required=False)
    length = forms.IntegerField(required=False, min_value=1, max_value=8760)
    unit = forms.ChoiceField(required=False, choices=[(name, name) for name in UNITS])
    until = forms.DateTimeField(required=False)
    number = forms.IntegerField(required=False, min_value=1, max_value=1_000_000_000)
    hit_type = forms.CharField(required=False, max_length=64)

    def __init__(self, data: Any = None, *, account: Account) -> None:
        super().__init__(data)
        self.account = account

    def clean(self) -> dict[str, Any]:
        """Adds `details`, the keyword arguments of hits.actions.change_hit for this action."""
        cleaned = super().clean() or {}
        action = cleaned.get("action")
        details: dict[str, Any] = {}
        if action == "extend":
            if cleaned.get("until"):
                details["until"] = cleaned["until"]
            elif cleaned.get("length") and cleaned.get("unit"):
                details["by_time"] = cleaned["length"] * UNITS[cleaned["unit"]]
            elif not {"length", "unit", "until"} & self.errors.keys():
                self.add_error("length", "Say by how long, or until when.")
        elif action == "add":
            if cleaned.get("number"):
                details["number"] = cleaned["number"]
            elif "number" not in self.errors:
                self.add_error("number", "Say how many more workers.")
        elif action == "retype":
            wanted = cleaned.get("hit_type", "").strip().upper()
            found = HITType.objects.filter(account=self.account, hit_type_id=wanted).first()
            if found is None:
                self.add_error("hit_type", "There is no such HIT type in this account. Choose one of the list.")
            else:
                details["hit_type"] = found
        cleaned["details"] = details
        return cleaned
