"""What a person says about assignments: which ones to show, and what to do with one."""

import json
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils import timezone

from dashboard.models import User
from dashboard.permissions import Denied
from hits.actions.data import MOST_FIELDS
from hits.actions.reasons import check_reason_template
from hits.answers.painted import LONGEST_LABEL, LONGEST_MASK
from hits.models import AssignmentQuerySet, Batch, DataVerdict, ReasonTemplate

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
    "disagreement": ("Disagreement first", "agreement", False),
    "worker": ("By worker", "worker_id", False),
    "random": ("In random order", "shuffled", False),
}
#: Orders whose indexes hold what waits and nothing else: they are offered there alone.
WAITING_SORTS = ("disagreement", "worker", "random")
DEADLINES = {"4h": timedelta(hours=4), "24h": timedelta(hours=24), "3d": timedelta(days=3)}
MOST_SECONDS = 10_000_000
#: Labels of one mask, and the fields they come in.
MOST_LABELS = 300
_OF_A_MASK = ("colour", "label", "gone")
DATA_CHOICES = [("", "any"), *DataVerdict.choices, ("none", "Not judged yet")]


class QueueFilter(forms.Form):
    """The filters of the review queue; they live in the URL, so any of its values may be anybody's text."""

    status = forms.ChoiceField(choices=list(STATUSES.items()), required=False, widget=forms.HiddenInput)
    sort = forms.ChoiceField(
        choices=[(value, sort[0]) for value, sort in SORTS.items()], required=False, widget=forms.HiddenInput
    )
    # Chosen by a click on a batch's name; a list of all of them would cost every page a query.
    batch = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    text = forms.CharField(required=False, max_length=200, label="Words in the answer")
    field = forms.CharField(required=False, max_length=200, label="In the field")
    worker = forms.CharField(required=False, max_length=64, label="Worker id")
    hit = forms.CharField(required=False, max_length=64, label="HIT id")
    type = forms.CharField(required=False, max_length=64, label="Project (HIT type id)")
    deadline = forms.ChoiceField(
        required=False,
        label="Approved automatically within",
        choices=[("", "any time"), ("4h", "4 hours"), ("24h", "24 hours"), ("3d", "3 days")],
    )
    under = forms.IntegerField(required=False, min_value=1, max_value=MOST_SECONDS, label="Took under (seconds)")
    over = forms.IntegerField(required=False, min_value=0, max_value=MOST_SECONDS, label="Took over (seconds)")
    agreement = forms.IntegerField(required=False, min_value=1, max_value=100, label="Agrees below (percent)")
    gold = forms.IntegerField(required=False, min_value=1, max_value=100, label="Gold score below (percent)")
    flags = forms.ChoiceField(
        required=False, label="Flags", choices=[("", "any"), ("yes", "Flagged"), ("no", "Not flagged")]
    )
    proposals = forms.ChoiceField(
        required=False, label="Rules", choices=[("", "any"), ("open", "A rule proposes something")]
    )
    data = forms.ChoiceField(required=False, label="As data", choices=DATA_CHOICES)  # type: ignore[assignment]
    reviewer = forms.CharField(required=False, max_length=150, label="Reviewer (user name)")

    def chosen(self) -> dict[str, Any]:
        """The filters that are valid and set; a bad value in a URL is no filter, not an error page."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        chosen.setdefault("status", "waiting")
        chosen.setdefault("sort", "deadline")
        if chosen["status"] != "waiting" and chosen["sort"] in WAITING_SORTS:
            chosen["sort"] = "deadline"
        return chosen

    def sorts(self) -> dict[str, tuple[str, str, bool]]:
        """The orders that are offered for the chosen status."""
        waiting = self.chosen()["status"] == "waiting"
        return {value: sort for value, sort in SORTS.items() if waiting or value not in WAITING_SORTS}

    def apply(self, rows: AssignmentQuerySet) -> AssignmentQuerySet:
        return rows.matching(self.frozen())

    def frozen(self) -> dict[str, Any]:
        """The filters as a job keeps them (JSON): "within 4 hours" becomes the moment, a reviewer's name the person
        that is meant."""
        chosen = self.chosen()
        now = timezone.now()
        if "deadline" in chosen:
            chosen["before"] = (now + DEADLINES[chosen.pop("deadline")]).isoformat()
        if "reviewer" in chosen:
            found = User.objects.filter(username=chosen.pop("reviewer")).values_list("pk", flat=True).first()
            chosen |= {"reviewer_id": found or 0, "held_after": now.isoformat()}
        return chosen

    def labels(self, batch: Batch | str | None) -> dict[str, str]:
        """For the chips: name -> words, without status and sort, which have their own controls."""
        chosen = self.chosen()
        labels = {name: text.format(chosen[name]) for name, text in _CHIPS.items() if name in chosen}
        for name in ("flags", "proposals"):
            if name in chosen:
                labels[name] = dict(self.fields[name].choices)[chosen[name]]  # type: ignore[attr-defined]
        if "data" in chosen:
            labels["data"] = f"As data: {dict(DATA_CHOICES)[chosen['data']].lower()}"
        if "batch" in chosen:
            labels["batch"] = f"Batch {batch}" if batch else "Batch that is not here"
        return labels


_CHIPS = {
    "text": "“{}”",
    "field": "In {}",
    "worker": "Worker {}",
    "hit": "HIT {}",
    "type": "Project {}",
    "deadline": "Closes within {}",
    "under": "Took under {} s",
    "over": "Took over {} s",
    "agreement": "Agrees below {} %",
    "gold": "Gold below {} %",
    "reviewer": "With {}",
}


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


class WhoseForm(forms.Form):
    """Whose rejections are meant: an upload's or a rule's."""

    upload = forms.UUIDField(required=False)
    rule = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def named(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class DataForm(forms.Form):
    """What one answer is worth as data; a corrected one brings its fields as `field-<number>` and `value-<number>`.

    Of a mask there is, instead of a value, its picture as `png-<number>` (empty: as the worker painted it), and for
    each label `colour-<number>` and `label-<number>`, and the colour in `gone-<number>` where it is removed.
    """

    data: QueryDict
    verdict = forms.ChoiceField(required=False, choices=[("", "Not judged"), *DataVerdict.choices])

    def typed(self) -> dict[str, str]:
        """Field name: what was typed for it, or a mask as hits.answers.painted reads it."""
        typed = {}
        for number in range(MOST_FIELDS):
            name, value = self.data.get(f"field-{number}"), self.data.get(f"value-{number}")
            if name and f"png-{number}" in self.data:
                typed[name] = self._painted(number)
            elif name and value is not None:
                typed[name] = value
        return typed

    def _painted(self, number: int) -> str:
        colours, labels, gone = (self.data.getlist(f"{name}-{number}")[:MOST_LABELS] for name in _OF_A_MASK)
        # One too many of anything is left in, so that it is refused and not cut off.
        named = {colour[:40]: label[: LONGEST_LABEL + 1] for colour, label in zip(colours, labels, strict=False)}
        png = self.data[f"png-{number}"][: LONGEST_MASK + 1]
        painted = {"labels": named, "gone": [colour[:40] for colour in gone], "png": png}
        return json.dumps(painted, ensure_ascii=False)


class FlagForm(forms.Form):
    action = forms.ChoiceField(choices=[(name, name) for name in ("set", "clear")])
    reason = forms.CharField(required=False, max_length=200, strip=True)


class SavedViewForm(forms.Form):
    """save, rename or delete a view of the queue."""

    action = forms.ChoiceField(choices=[(name, name) for name in ("save", "rename", "delete")])
    view = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    name = forms.CharField(required=False, max_length=60, strip=True)
    query = forms.CharField(required=False, max_length=4000)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("action") in ("save", "rename") and "name" in cleaned and not cleaned["name"]:
            self.add_error("name", "Give the view a name.")
        return cleaned


class ReasonForm(forms.ModelForm):
    class Meta:
        model = ReasonTemplate
        fields = ("use", "title", "text")
        widgets: ClassVar = {"text": forms.Textarea(attrs={"rows": 3})}
        labels: ClassVar = {"use": "For", "title": "Name", "text": "Text (the worker reads it)"}

    def clean_text(self) -> str:
        try:
            return check_reason_template(self.cleaned_data["text"])
        except Denied as reason:
            raise forms.ValidationError(str(reason)) from None
