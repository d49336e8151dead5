"""What a person says about a rule, and about what is right."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from dashboard.permissions import Denied, check_text_for_worker
from hits.models import Finding, Rule

MOST_CODES, LONGEST_CODE = 20_000, 64
_FIELD_HELP = "As the answer names it."


def _lines(text: str) -> list[str]:
    """What stands on the lines of a text, each once."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


class RuleForm(forms.Form):
    """What every rule has; each kind adds what its look needs to know. `settings()` is that as the rule keeps it."""

    look: ClassVar[Rule.Look]
    #: How the two ways to propose are said: where the check is failed, where it is passed.
    ways: ClassVar[tuple[str, str]] = ("The check is failed", "The check is passed")

    when_passed = forms.TypedChoiceField(
        label="Propose where",
        coerce=lambda value: value == "True",
        initial="False",
    )
    proposal = forms.ChoiceField(label="What it proposes", choices=Rule.Proposal.choices, initial=Rule.Proposal.FLAG)
    amount = forms.DecimalField(
        label="Bonus, in dollars",
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal("9999.99"),
        decimal_places=2,
        help_text="Only where it proposes a bonus.",
    )
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=1024,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed for all but an approval and a flag. Of a soft block your team reads it, not the worker.",
    )

    def __init__(self, *args: Any, fields: list[str], **more: Any) -> None:
        super().__init__(*args, **more)
        self.known_fields = fields
        way: Any = self.fields["when_passed"]
        way.choices = [("False", self.ways[0]), ("True", self.ways[1])]
        for name in ("when_passed", "proposal", "amount", "reason"):
            self.fields[name] = self.fields.pop(name)  # after what the kind adds
        if "field" in self.fields:
            self.fields["field"].widget.attrs["list"] = "fields"
            self.fields["field"].widget.attrs["autocomplete"] = "off"

    def clean_field(self) -> str:
        name: str = self.cleaned_data["field"].strip()
        if name and self.known_fields and name not in self.known_fields:
            raise ValidationError(f"This batch has no field of this name. It has {', '.join(self.known_fields[:12])}.")
        return name

    def clean_reason(self) -> str:
        try:
            return check_text_for_worker(self.cleaned_data["reason"])
        except Denied as reason:
            raise ValidationError(str(reason)) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        proposal = cleaned.get("proposal")
        if proposal == Rule.Proposal.REJECT and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", "Say why: the worker reads the reason.")
        if proposal == Rule.Proposal.SOFT_BLOCK and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", "Say why: whoever looks at this worker later wants to know.")
        if proposal == Rule.Proposal.BONUS:
            if not cleaned.get("reason") and "reason" not in self.errors:
                self.add_error("reason", "Say what the bonus is for: the worker reads it.")
            if not cleaned.get("amount") and "amount" not in self.errors:
                self.add_error("amount", "Say how much: dollars and cents, such as 0.25.")
        return cleaned

    def settings(self) -> dict[str, Any]:
        raise NotImplementedError

    def said(self) -> dict[str, Any]:
        """All of it, as hits.rules.keeping takes it."""
        chosen = self.cleaned_data
        bonus = chosen["proposal"] == Rule.Proposal.BONUS
        return {
            "settings": self.settings(),
            "when_passed": chosen["when_passed"],
            "proposal": chosen["proposal"],
            "reason": "" if chosen["proposal"] == Rule.Proposal.FLAG else chosen["reason"],
            "amount": chosen["amount"] if bonus else Decimal(0),
        }

    @classmethod
    def of(cls, rule: Rule) -> dict[str, Any]:
        """A rule as the form's initial values."""
        initial = {
            "when_passed": str(rule.when_passed),
            "proposal": rule.proposal,
            "reason": rule.reason,
            "amount": rule.amount or None,
        }
        for name, value in rule.settings.items():
            initial[name] = "\n".join(value) if isinstance(value, list) else value
        return initial


def _percent(label: str, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=100, **more)


class GoldRule(RuleForm):
    look = Rule.Look.GOLD
    ways = ("fewer are met", "that many are met")
    of_ = forms.ChoiceField(
        label="What is looked at",
        choices=[("answer", "Each answer by itself"), ("worker", "All that its worker did in this batch")],
    )
    percent = _percent("Gold answers to be met, in percent", initial=80)
    least = forms.IntegerField(
        label="Of at least so many",
        min_value=1,
        max_value=1000,
        initial=1,
        help_text="Gold fields of the answer, or the worker's tasks that have gold. With fewer it says nothing.",
    )

    def settings(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        return {"of": chosen["of_"], "percent": chosen["percent"], "least": chosen["least"]}

    @classmethod
    def of(cls, rule: Rule) -> dict[str, Any]:
        return {**super().of(rule), "of_": rule.settings.get("of", "answer")}


class PluralityRule(RuleForm):
    look = Rule.Look.PLURALITY
    ways = ("it disagrees", "it agrees")
    field = forms.CharField(
        label="Field", required=False, max_length=200, help_text="Empty: all fields that have a majority, together."
    )
    percent = _percent(
        "Disagrees in more than so many percent of the fields",
        initial=50,
        required=False,
        help_text="Where no field is named.",
    )
    others = forms.IntegerField(
        label="Others, at least",
        min_value=2,
        max_value=100,
        initial=2,
        help_text="More than half of them have to say the same. Where more than 100 do a HIT, the first 100 count.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not cleaned.get("field") and not cleaned.get("percent") and not self.errors:
            self.add_error("percent", "Name a field, or say in how many percent of the fields.")
        return cleaned

    def settings(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        return {"field": chosen["field"], "percent": chosen["percent"] or 50, "others": chosen["others"]}


class AttentionRule(RuleForm):
    look = Rule.Look.ATTENTION
    ways = ("it says something else", "it says that")
    field = forms.CharField(label="Field", max_length=200, help_text=_FIELD_HELP)
    accepted = forms.CharField(
        label="What it must say",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="A line for each value that is right; capitals do not matter. Options chosen together: a|b.",
    )

    def settings(self) -> dict[str, Any]:
        return {"field": self.cleaned_data["field"], "accepted": _lines(self.cleaned_data["accepted"])[:50]}


class TimeRule(RuleForm):
    look = Rule.Look.TIME
    ways = ("it was quicker", "it took that long")
    seconds = forms.IntegerField(label="Seconds", required=False, min_value=1, max_value=86_400)
    percent_of_median = _percent(
        "Or percent of the batch's median",
        required=False,
        help_text="Known from five answers on. The clock runs from accepting to handing in, waiting included.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if bool(cleaned.get("seconds")) == bool(cleaned.get("percent_of_median")) and not self.errors:
            self.add_error("seconds", "Give either seconds or a part of the median.")
        return cleaned

    def settings(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        return {name: chosen[name] for name in ("seconds", "percent_of_median") if chosen[name]}


class DuplicateRule(RuleForm):
    look = Rule.Look.DUPLICATE
    ways = ("it is repeated", "it is not")
    field = forms.CharField(
        label="Field", required=False, max_length=200, help_text="Empty: every field that is typed."
    )
    characters = forms.IntegerField(
        label="Characters, at least",
        min_value=3,
        max_value=20_000,
        initial=20,
        help_text="Short texts are alike by chance. Capitals and blanks make no difference.",
    )
    whose = forms.ChoiceField(
        label="Handed in before by",
        choices=[("any", "anybody"), ("own", "the same worker, for another HIT"), ("others", "another worker")],
        help_text="Who was first is not found, only who came after.",
    )

    def settings(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("field", "characters", "whose")}


class EmptyRule(RuleForm):
    look = Rule.Look.EMPTY
    ways = ("one of them is empty", "all are filled in")
    fields_ = forms.CharField(
        label="Fields",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A line for each. None: those that the task itself requires.",
    )

    def clean_fields_(self) -> list[str]:
        names = _lines(self.cleaned_data["fields_"])[:50]
        unknown = [name for name in names if self.known_fields and name not in self.known_fields]
        if unknown:
            raise ValidationError(
                f"This batch has no field {unknown[0][:60]}. It has {', '.join(self.known_fields[:12])}."
            )
        return names

    def settings(self) -> dict[str, Any]:
        return {"fields": self.cleaned_data["fields_"]}

    @classmethod
    def of(cls, rule: Rule) -> dict[str, Any]:
        return {**super().of(rule), "fields_": "\n".join(rule.settings.get("fields", []))}


class CodeRule(RuleForm):
    look = Rule.Look.CODE
    ways = ("the code is no good", "the code is good")
    field = forms.CharField(label="Field", max_length=200, help_text=_FIELD_HELP)
    codes = forms.CharField(
        label="Expected codes",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Pasted, one on a line. Capitals and blanks make no difference.",
    )
    pattern = forms.CharField(
        label="Or their form",
        required=False,
        max_length=60,
        help_text="Such as HD-####-@@: # is a digit, @ a letter, * either, all else is itself.",
    )
    once = forms.BooleanField(label="Each code may be used once", required=False, initial=True)

    def clean_codes(self) -> list[str]:
        codes = _lines(self.cleaned_data["codes"])
        if len(codes) > MOST_CODES:
            raise ValidationError(f"{MOST_CODES:,} codes are the most.")
        if any(len(code) > LONGEST_CODE for code in codes):
            raise ValidationError(f"A code has at most {LONGEST_CODE} characters: one on a line.")
        return codes

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not (cleaned.get("codes") or cleaned.get("pattern") or cleaned.get("once")) and not self.errors:
            self.add_error("codes", "Paste the expected codes, describe their form, or let each be used once.")
        return cleaned

    def settings(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("field", "codes", "pattern", "once")}


FORMS: dict[str, type[RuleForm]] = {
    form.look: form for form in (GoldRule, PluralityRule, AttentionRule, TimeRule, DuplicateRule, EmptyRule, CodeRule)
}


class GoldForm(forms.Form):
    """What is right for one field of a HIT."""

    hit = forms.CharField(label="HIT id", max_length=64)
    field = forms.CharField(label="Field", max_length=200, widget=forms.TextInput(attrs={"list": "fields"}))
    accepted = forms.CharField(
        label="What is right",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="A line for each value that is right. Options chosen together: a|b.",
    )

    def __init__(self, *args: Any, fields: list[str], **more: Any) -> None:
        super().__init__(*args, **more)
        self.known_fields = fields

    def clean_hit(self) -> str:
        return str(self.cleaned_data["hit"]).strip().upper()

    def clean_field(self) -> str:
        name = str(self.cleaned_data["field"]).strip()
        if self.known_fields and name not in self.known_fields:
            raise ValidationError(f"This batch has no field of this name. It has {', '.join(self.known_fields[:12])}.")
        return name

    def clean_accepted(self) -> list[str]:
        return _lines(self.cleaned_data["accepted"])


class FindingFilter(forms.Form):
    """The filters of the findings page; they live in the URL, so any of them may be anybody's text."""

    state = forms.ChoiceField(choices=[*Finding.State.choices, ("all", "All")], required=False)
    batch = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    rule = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        found = {name: value for name, value in self.cleaned_data.items() if value}
        found.setdefault("state", Finding.State.PROPOSED.value)
        return found
