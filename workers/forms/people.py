"""What people say about workers: which ones to show, a note, a tag."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from hits.models import Batch
from workers.models import TAG_LONGEST

WORKER_STATUSES = {"": "All", "soft": "Soft blocked", "blocked": "Blocked"}
#: value -> (label, column, descending); every one has an index behind it.
WORKER_SORTS = {
    "last": ("Last seen", "last_at", True),
    "work": ("Most answers", "answers", True),
    "approved_least": ("Lowest approval", "approval", False),
    "approved_most": ("Highest approval", "approval", True),
    "rejected": ("Most rejected", "rejected", True),
    "fast": ("Fastest", "typical_seconds", False),
    "slow": ("Slowest", "typical_seconds", True),
    "gold": ("Lowest gold", "gold", False),
    "agreement": ("Lowest agreement", "agreement", False),
    "bonus": ("Most in bonuses", "bonus_total", True),
    "id": ("Worker id", "worker_id", False),
}
#: Of these orders those come first of whom nothing is known yet, so they are left out.
_KNOWN_ONLY = ("approval", "typical_seconds", "gold", "agreement")
SEEN = {
    "1d": "within a day",
    "7d": "within a week",
    "30d": "within 30 days",
    "not30d": "not for 30 days",
    "not90d": "not for 90 days",
}


class WorkerFilter(forms.Form):
    """The filters of the table; they live in the URL, so any of its values may be anybody's text."""

    status = forms.ChoiceField(choices=list(WORKER_STATUSES.items()), required=False, widget=forms.HiddenInput)
    sort = forms.ChoiceField(
        choices=[(value, sort[0]) for value, sort in WORKER_SORTS.items()], required=False, widget=forms.HiddenInput
    )
    batch = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    q = forms.CharField(required=False, max_length=64, label="Worker id begins with")
    tag = forms.CharField(required=False, max_length=TAG_LONGEST, label="Tag")
    decided = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, label="Decided answers, at least")
    at_least = forms.IntegerField(required=False, label="Approved here, percent at least", min_value=0, max_value=100)
    at_most = forms.IntegerField(required=False, label="Approved here, percent at most", min_value=0, max_value=100)
    seen = forms.ChoiceField(required=False, label="Last seen", choices=[("", "any time"), *SEEN.items()])

    def chosen(self) -> dict[str, Any]:
        """The filters that are valid and set; a bad value in a URL is no filter, not an error page."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        if "q" in chosen:
            chosen["q"] = chosen["q"].strip().upper()
        if "tag" in chosen:
            chosen["tag"] = clean_tag(chosen["tag"])
        chosen.setdefault("sort", "last")
        return chosen

    def frozen(self) -> dict[str, Any]:
        """The filters as a job keeps them (JSON): "within a day" becomes the moment that is meant."""
        chosen = self.chosen()
        seen = chosen.pop("seen", "")
        if seen:
            moment = timezone.now() - timedelta(days=int(seen.removeprefix("not").removesuffix("d")))
            chosen["before" if seen.startswith("not") else "since"] = moment.isoformat()
        return chosen

    def order(self) -> tuple[str, bool, dict[str, int]]:
        """Column, whether descending, and the further condition under which the order means something."""
        _, column, descending = WORKER_SORTS[self.chosen()["sort"]]
        known = {f"{column}__gte": 0} if column in _KNOWN_ONLY and not descending else {}
        return column, descending, known

    def labels(self, batch: Batch | None) -> dict[str, str]:
        """For the chips: name -> words, without status and sort, which have their own controls."""
        chosen = self.chosen()
        words = {
            "q": "{}…",
            "tag": "Tag {}",
            "decided": "{} decided or more",
            "at_least": "{} % approved or more",
            "at_most": "{} % approved or less",
        }
        labels = {name: text.format(chosen[name]) for name, text in words.items() if name in chosen}
        if "seen" in chosen:
            labels["seen"] = f"Seen {SEEN[chosen['seen']]}"
        if "batch" in chosen:
            labels["batch"] = f"Worked in {batch}" if batch else "Batch that is not here"
        return labels


def clean_tag(text: str) -> str:
    """A tag as it is kept: one blank between words, small letters, so that two spellings are one tag."""
    return " ".join(text.split()).lower()[:TAG_LONGEST]
