"""What a person says about qualification types; a test is said beside it, by the builder or as XML."""

from typing import Any
from urllib.parse import urlencode

from django import forms

from qualifications.actions.types import FOREVER, LONGEST, VALUE_LARGEST
from qualifications.models import QualificationType, TypeKind

UNITS = {"minutes": 60, "hours": 3600, "days": 86_400}
ONCE, AGAIN = "once", "again"
BY_HAND, BY_ITSELF, BY_TEST = "hand", "itself", "test"
AT_MTURK, HERE, NO_KEY = "mturk", "here", "none"
FORM, XML = "form", "xml"

LISTS = {TypeKind.OWN.value: "Ours", TypeKind.SYSTEM.value: "MTurk's own", TypeKind.OTHER.value: "Of others"}


class TypeFilter(forms.Form):
    """The filters of the list; they live in the URL, so any value may be anybody's text."""

    kind = forms.ChoiceField(choices=list(LISTS.items()), required=False, widget=forms.HiddenInput)
    text = forms.CharField(required=False, max_length=200, label="Words in name, description or keywords, or an id")
    status = forms.ChoiceField(
        required=False,
        label="Status",
        choices=[("", "any"), ("active", "Active"), ("inactive", "Inactive"), ("gone", "Deleted")],
    )
    purpose = forms.ChoiceField(
        required=False, label="Made by", choices=[("", "people"), ("all", "people, panels and compensations")]
    )

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        chosen.setdefault("kind", TypeKind.OWN.value)
        return chosen

    def apply(self, rows: Any) -> Any:
        chosen = self.chosen()
        rows = rows.filter(kind=chosen["kind"])
        if "text" in chosen:
            rows = rows.holding(chosen["text"])
        elif chosen.get("purpose") != "all" and chosen["kind"] == TypeKind.OWN:
            rows = rows.filter(purpose="")
        if chosen.get("status") == "gone":
            return rows.exclude(gone_at=None)
        if "status" in chosen:
            rows = rows.filter(status=chosen["status"].capitalize())
        return rows.present()

    def labels(self) -> dict[str, str]:
        chosen = self.chosen()
        labels = {"text": f"“{chosen['text']}”"} if "text" in chosen else {}
        if "status" in chosen:
            labels["status"] = {"active": "Active", "inactive": "Inactive", "gone": "Deleted"}[chosen["status"]]
        if chosen.get("purpose") == "all":
            labels["purpose"] = "with panels' and compensations'"
        return labels

    def link(self, url: str, **changes: str) -> str:
        kept = {name: str(value) for name, value in self.chosen().items() if name not in changes}
        return f"{url}?{urlencode({**kept, **{name: value for name, value in changes.items() if value}})}"


class TypeForm(forms.Form):
    """Everything but the test itself. Of what goes with one way of granting only that way's fields are looked at."""

    name = forms.CharField(
        max_length=LONGEST["name"],
        help_text="Workers see it, and it is one of a kind among yours. MTurk lets nobody change it later.",
    )
    description = forms.CharField(
        max_length=LONGEST["description"],
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What it shows, and what a worker has to do for it. They read it before they ask.",
    )
    keywords = forms.CharField(
        required=False,
        max_length=LONGEST["keywords"],
        help_text="Parted by commas; workers find it by them. They cannot be changed later.",
    )
    status = forms.ChoiceField(
        choices=[("Active", "Active: workers can ask for it"), ("Inactive", "Inactive: nobody can ask")],
        help_text="Who has it keeps it either way. HITs that are published already go on.",
    )
    how = forms.ChoiceField(
        label="Who gets it",
        choices=[
            (BY_HAND, "Whom we choose: requests wait here, and we can give it to anybody"),
            (BY_ITSELF, "Whoever asks, at once"),
            (BY_TEST, "Who takes a test"),
        ],
        widget=forms.RadioSelect,
        initial=BY_HAND,
    )
    auto_granted_value = forms.IntegerField(
        required=False, min_value=0, max_value=VALUE_LARGEST, initial=1, label="Value it is granted with"
    )
    again = forms.ChoiceField(
        label="Asking again",
        choices=[(ONCE, "Once only"), (AGAIN, "Again after a while")],
        widget=forms.RadioSelect,
        initial=ONCE,
        help_text="Counted from when they asked. Once allowed, MTurk does not take it back.",
    )
    retry_number = forms.IntegerField(required=False, min_value=0, max_value=FOREVER, label="After")
    retry_unit = forms.ChoiceField(choices=[(unit, unit) for unit in UNITS], required=False, label="Unit")
    test_number = forms.IntegerField(required=False, min_value=1, max_value=525_600, label="Time for the test")
    test_unit = forms.ChoiceField(choices=[(unit, unit) for unit in UNITS], required=False, label="Unit")
    key_at = forms.ChoiceField(
        label="Who marks it",
        required=False,
        choices=[
            (AT_MTURK, "MTurk, by the key, at once: nobody is asked"),
            (HERE, "We do: requests wait here, with what the key says"),
            (NO_KEY, "We do, without a key"),
        ],
        widget=forms.RadioSelect,
        initial=AT_MTURK,
    )
    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("again") == AGAIN and cleaned.get("retry_number") is None and "retry_number" not in self.errors:
            self.add_error("retry_number", "Say after how long.")
        if cleaned.get("how") == BY_TEST and not cleaned.get("test_number") and "test_number" not in self.errors:
            self.add_error("test_number", "Say how long a worker has for the test.")
        if (
            cleaned.get("how") == BY_ITSELF
            and cleaned.get("auto_granted_value") is None
            and "auto_granted_value" not in self.errors
        ):
            self.add_error("auto_granted_value", "Say with which value: a whole number, 1 as a rule.")
        return cleaned

    def said(self) -> dict[str, Any]:
        """The members of Wish this form knows; times in seconds."""
        data = self.cleaned_data
        asks_again, by_test = data["again"] == AGAIN, data["how"] == BY_TEST
        return {
            "name": data["name"],
            "description": data["description"].replace("\r\n", "\n"),
            "keywords": data["keywords"],
            "status": data["status"],
            "retry_delay": data["retry_number"] * UNITS[data["retry_unit"] or "minutes"] if asks_again else None,
            "auto_granted": data["how"] == BY_ITSELF,
            "auto_granted_value": data["auto_granted_value"] if data["how"] == BY_ITSELF else None,
            "test_duration": data["test_number"] * UNITS[data["test_unit"] or "minutes"] if by_test else None,
        }


#: Member of Wish -> the field beside which what is wrong with it is said.
FIELD_OF = {
    "name": "name",
    "description": "description",
    "keywords": "keywords",
    "status": "status",
    "retry_delay": "retry_number",
    "auto_granted": "how",
    "auto_granted_value": "auto_granted_value",
    "test_duration": "test_number",
}


def initial_of(row: QualificationType | None) -> dict[str, Any]:
    """What the form begins with."""
    if row is None:
        return {"retry_number": 1, "retry_unit": "days", "test_number": 60, "test_unit": "minutes", "status": "Active"}
    retry, retry_unit = _in_units(row.retry_delay)
    time, time_unit = _in_units(row.test_duration)
    return {
        "name": row.name,
        "description": row.description,
        "keywords": row.keywords,
        "status": row.status if row.status in ("Active", "Inactive") else "Active",
        "how": BY_TEST if row.test else BY_ITSELF if row.auto_granted else BY_HAND,
        "auto_granted_value": 1 if row.auto_granted_value is None else row.auto_granted_value,
        "again": ONCE if row.retry_delay is None else AGAIN,
        "retry_number": 1 if retry is None else retry,
        "retry_unit": retry_unit if retry is not None else "days",
        "test_number": time or 60,
        "test_unit": time_unit if time else "minutes",
        "key_at": AT_MTURK if row.answer_key else HERE if row.grading_key else NO_KEY if row.test else AT_MTURK,
    }


def _in_units(seconds: int | None) -> tuple[int | None, str]:
    if seconds is None:
        return None, "minutes"
    unit = next((name for name in ("days", "hours", "minutes") if seconds % UNITS[name] == 0), None)
    # Odd seconds, set by some script: the next full minute is the nearest a person would say.
    return (seconds // UNITS[unit], unit) if unit else (-(-seconds // 60), "minutes")
