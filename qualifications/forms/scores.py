"""What a person says about who holds what."""

from typing import Any

from django import forms

from qualifications.forms.pasted import PastedIds
from qualifications.models import ScoreStatus
from qualifications.models.scores import ScoreQuerySet

STATUSES = {ScoreStatus.GRANTED.value: "Has it", ScoreStatus.REVOKED.value: "Had it"}
#: value -> (label, column, descending); an index stands behind each.
SORTS = {
    "newest": ("Newest first", "granted_at", True),
    "worker": ("Worker id", "worker_id", False),
    "highest": ("Highest value", "value", True),
    "lowest": ("Lowest value", "value", False),
}
_WHOLE: dict[str, Any] = {"min_value": -(2**31) + 1, "max_value": 2**31 - 1}
#: Bytes of a file; a line of 300 characters for each of 100,000 workers.
LARGEST_FILE = 50 * 1024 * 1024


class ScoreFilter(forms.Form):
    status = forms.ChoiceField(choices=list(STATUSES.items()), required=False, widget=forms.HiddenInput)
    sort = forms.ChoiceField(choices=[(name, name) for name in SORTS], required=False, widget=forms.HiddenInput)
    worker = forms.CharField(required=False, max_length=64, label="Worker id begins with")
    value_from = forms.IntegerField(required=False, label="Value from", **_WHOLE)
    value_to = forms.IntegerField(required=False, label="to", **_WHOLE)

    def chosen(self) -> dict[str, Any]:
        """The filters that are valid and set; a bad value in a URL is no filter."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        chosen.setdefault("status", ScoreStatus.GRANTED.value)
        chosen.setdefault("sort", "newest")
        return chosen

    def apply(self, rows: ScoreQuerySet) -> ScoreQuerySet:
        return rows.matching(self.chosen())

    def labels(self) -> dict[str, str]:
        words = {"worker": "Worker {}…", "value_from": "From {}", "value_to": "Up to {}"}
        return {name: words[name].format(value) for name, value in self.chosen().items() if name in words}


class _Telling(forms.Form):
    notify = forms.BooleanField(
        required=False, label="Tell those who get it", help_text="MTurk sends each of them an e-mail."
    )
    reason = forms.CharField(
        required=False,
        max_length=1024,
        label="Reason, for those it is taken from",
        help_text="They read it. Empty: they are not told.",
        widget=forms.TextInput,
    )


class OneForm(forms.Form):
    """Give one worker the qualification, change the value, or take it away."""

    worker = forms.CharField(max_length=100, label="Worker id")
    value = forms.IntegerField(required=False, initial=1, label="Value", **_WHOLE)
    act = forms.ChoiceField(choices=[("grant", "Grant"), ("revoke", "Take away")])
    notify = forms.BooleanField(required=False, label="Tell the worker")
    reason = forms.CharField(required=False, max_length=1024, widget=forms.TextInput)
    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("act") == "grant" and cleaned.get("value") is None and "value" not in self.errors:
            self.add_error("value", "Say which value: a whole number.")
        return cleaned


class PasteForm(_Telling):
    """A list of ids, each with a value of its own or the common one."""

    ids = PastedIds(
        otherwise="Send the others apart, or all of them as a worker file.",
        help_text="One on a line, 10,000 at most; a value may stand behind an id: A1B2C3, 80",
    )
    value = forms.IntegerField(required=False, initial=1, label="Value for those without one", **_WHOLE)
    revoke = forms.BooleanField(required=False, label="Take it away from them instead")

    field_order = ("ids", "value", "revoke", "notify", "reason")


class SelectionForm(_Telling):
    """What the chosen workers get."""

    kind: Any = forms.ModelChoiceField(queryset=None, label="Qualification", to_field_name="qualification_type_id")
    value = forms.IntegerField(required=False, initial=1, label="Value", **_WHOLE)
    revoke = forms.BooleanField(required=False, label="Take it away from them instead")

    field_order = ("kind", "value", "revoke", "notify", "reason")

    def __init__(self, *args: Any, kinds: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["kind"]
        field.queryset = kinds

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("revoke") and cleaned.get("value") is None and "value" not in self.errors:
            self.add_error("value", "Say which value: a whole number.")
        return cleaned


class FileForm(_Telling):
    file = forms.FileField(
        label="File",
        help_text="As downloaded here or from the Requester website, with the UPDATE columns filled in.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )

    field_order = ("file", "notify", "reason")

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError("The file is larger than 50 MB. Cut it into parts, each with the first line.")
        return file


class SheetFilter(forms.Form):
    verdict = forms.ChoiceField(
        choices=[("", "All"), ("ready", "Can be done"), ("same", "Nothing to do"), ("bad", "Cannot be done")],
        required=False,
    )

    def chosen(self) -> str:
        return self.cleaned_data["verdict"] if self.is_valid() else ""


def scores_sort(chosen: dict[str, Any]) -> tuple[str, bool]:
    _, column, descending = SORTS[chosen["sort"]]
    return column, descending
