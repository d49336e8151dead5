"""What a person says about a panel: its name, what it is for, and its conditions, each a small form of its own."""

from collections.abc import Mapping
from typing import Any

from django import forms

from dashboard.models import Account
from dashboard.numbers import all_whole
from hits.models import Batch
from qualifications.conditions import LOOKS
from qualifications.forms.pasted import PastedIds
from qualifications.models import Panel, PanelMember, QualificationType
from workers.models import begins

MOST = 10
#: Batches and types that are offered, the newest first; those a condition names already are offered too.
MOST_OFFERED = 200
_SIDE = [("above", "above"), ("below", "below")]


class PanelForm(forms.Form):
    name = forms.CharField(max_length=100, help_text="For your team. Workers do not see it.")
    meaning = forms.ChoiceField(choices=Panel.Meaning.choices, label="A HIT that asks for it takes")
    match = forms.ChoiceField(choices=Panel.Match.choices, label="A worker belongs where")
    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput)


class _Condition(forms.Form):
    """`offered`: what can be chosen, made once for all conditions of a page."""

    def __init__(self, *args: Any, offered: "Offered", **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer(offered)

    def offer(self, offered: "Offered") -> None:
        """Fill in what depends on the account."""

    def condition(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class _Batches(_Condition):
    how = forms.ChoiceField(choices=[("any", "at least one of these"), ("every", "every one of these")], label="In")
    batches = forms.TypedMultipleChoiceField(
        coerce=int,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": "Tick a batch."},
    )

    def offer(self, offered: "Offered") -> None:
        field: Any = self.fields["batches"]
        field.choices = offered.batches(self.initial.get("batches") or [])


class _Share(_Condition):
    field_order = ("is", "percent", "least")
    percent = forms.IntegerField(min_value=0, max_value=100, initial=90, label="Percent")
    least = forms.IntegerField(min_value=1, max_value=1_000_000, initial=3, label="Counted from how many on")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["is"] = forms.ChoiceField(choices=_SIDE, label="Is")
        self.order_fields(self.field_order)


class _Approved(_Condition):
    number = forms.IntegerField(min_value=1, max_value=100_000_000, initial=10, label="At least how many")


class _Recent(_Condition):
    field_order = ("is", "days")
    days = forms.IntegerField(min_value=1, max_value=3650, initial=30, label="Days")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [("idle", "not in the last"), ("active", "in the last")]
        self.fields["is"] = forms.ChoiceField(choices=choices, label="Worked here")
        self.order_fields(self.field_order)


class _Holds(_Condition):
    field_order = ("is", "type", "least")
    type = forms.ChoiceField(label="Qualification", error_messages={"required": "Choose a qualification."})
    least = forms.IntegerField(
        required=False,
        min_value=-(2**31) + 1,
        max_value=2**31 - 1,
        label="With at least",
        help_text="Empty: any value.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [("has", "holds it"), ("has_not", "worked here and does not hold it")]
        self.fields["is"] = forms.ChoiceField(choices=choices, label="The worker")
        self.order_fields(self.field_order)

    def offer(self, offered: "Offered") -> None:
        field: Any = self.fields["type"]
        field.choices = [("", "Choose…"), *offered.types(self.initial.get("type"))]


class _Blocked(_Condition):
    batch = forms.TypedChoiceField(coerce=int, empty_value=None, required=False, label="Also those blocked only in")

    def offer(self, offered: "Offered") -> None:
        field: Any = self.fields["batch"]
        chosen = self.initial.get("batch")
        field.choices = [("", "no batch: those blocked everywhere"), *offered.batches([chosen] if chosen else [])]


FORMS: dict[str, type[_Condition]] = {
    "batches": _Batches,
    "gold": _Share,
    "agreement": _Share,
    "approved": _Approved,
    "rate": _Share,
    "recent": _Recent,
    "holds": _Holds,
    "blocked": _Blocked,
}


class Offered:
    """Batches and qualifications of an account that conditions can name, read once."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._batches: list[tuple[int, str]] | None = None
        self._types: list[tuple[str, str]] | None = None

    def batches(self, chosen: Any) -> list[tuple[int, str]]:
        rows = Batch.objects.filter(account=self.account)
        if self._batches is None:
            self._batches = [
                (pk, f"{name or key}, {made:%Y-%m-%d}")
                for pk, name, key, made in rows.order_by("-pk").values_list("pk", "name", "key", "created_at")[
                    :MOST_OFFERED
                ]
            ]
        offered = {pk for pk, _ in self._batches}
        wanted = set(all_whole(map(str, chosen)))
        if missing := wanted - offered:
            self._batches += [(row.pk, str(row)) for row in rows.filter(pk__in=missing)]
        return self._batches

    def types(self, chosen: str | None) -> list[tuple[str, str]]:
        if self._types is None:
            rows = QualificationType.objects.of(self.account).own().present().exclude(purpose="panel")
            rows = rows.exclude(status__in=["Creating", "Failed"]).order_by("-pk")
            self._types = list(rows.values_list("qualification_type_id", "name")[:MOST_OFFERED])
        if chosen and chosen not in dict(self._types):
            self._types.append((chosen, chosen))
        return self._types


class Conditions:
    """The conditions of a panel as forms; from what was sent, or from what is kept."""

    def __init__(
        self, account: Account, *, said: Mapping[str, Any] | None = None, kept: list[dict[str, Any]] | None = None
    ) -> None:
        offered = Offered(account)
        self.forms: list[tuple[str, _Condition]] = []
        looks = [condition["look"] for condition in kept or []]
        if said is not None:
            looks = [str(said.get(f"c{place}-look", "")) for place in range(MOST) if f"c{place}-look" in said]
        for place, look in enumerate(looks):
            if look not in FORMS:
                continue
            form = FORMS[look](
                said, prefix=f"c{place}", offered=offered, initial=kept[place] if kept and said is None else None
            )
            self.forms.append((look, form))
        self.offered = offered

    def add(self, look: str) -> None:
        if look in FORMS and len(self.forms) < MOST:
            self.forms.append((look, FORMS[look](prefix="", offered=self.offered)))
        self._renumber()

    def remove(self, place: int) -> None:
        if 0 <= place < len(self.forms):
            del self.forms[place]
        self._renumber()

    def _renumber(self) -> None:
        """With what was typed in them, and nothing judged yet."""
        for number, (look, form) in enumerate(self.forms):
            initial = {name: form[name].value() for name in form.fields}
            self.forms[number] = (look, FORMS[look](prefix=f"c{number}", offered=self.offered, initial=initial))

    def is_valid(self) -> bool:
        judged = [form.is_valid() for _, form in self.forms]  # each of them, so that each says what is wrong
        return all(judged)

    @property
    def conditions(self) -> list[dict[str, Any]]:
        return [{"look": look, **form.condition()} for look, form in self.forms]

    @property
    def shown(self) -> list[dict[str, Any]]:
        return [
            {"place": place, "look": look, "words": LOOKS[look], "form": form}
            for place, (look, form) in enumerate(self.forms)
        ]

    @property
    def looks(self) -> list[tuple[str, str]]:
        return list(LOOKS.items()) if len(self.forms) < MOST else []


class PinForm(forms.Form):
    ids = PastedIds(
        otherwise="Send the others apart.", separators="\n,;", rows=4, help_text="One on a line, 10,000 at most."
    )
    into = forms.ChoiceField(choices=[("in", "in"), ("out", "out"), ("", "as the conditions say")], required=False)


class MemberFilter(forms.Form):
    show = forms.ChoiceField(
        choices=[("in", "in"), ("out", "out"), ("hand", "hand"), ("untold", "untold")], required=False
    )
    worker = forms.CharField(required=False, max_length=64, label="Worker id begins with")

    def chosen(self) -> dict[str, str]:
        self.is_valid()
        return {"show": self.cleaned_data.get("show") or "in", "worker": self.cleaned_data.get("worker") or ""}

    def apply(self, rows: Any) -> Any:
        chosen = self.chosen()
        if chosen["show"] == "in":
            rows = rows.filter(wanted=True)
        elif chosen["show"] == "out":
            rows = rows.filter(wanted=False)
        elif chosen["show"] == "hand":
            rows = rows.exclude(pinned=PanelMember.Pinned.NO)
        else:
            rows = rows.exclude(problem="")
        if chosen["worker"]:
            rows = rows.filter(begins("worker_id", chosen["worker"].strip().upper()))
        return rows
