"""What a worker says on the site's forms."""

from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest
from django_countries import countries

from marketplace.models import Worker
from marketplace.site.accounts import STATES
from marketplace.site.groups import Group

SORTS = {
    "newest": "Newest first",
    "reward": "Best paid first",
    "left": "Most left first",
    "rate": "Shortest time first",
}
_KEYS: dict[str, Any] = {
    "newest": lambda group: -group.newest.timestamp(),
    "reward": lambda group: -group.hit_type.reward,
    "left": lambda group: -group.left,
    "rate": lambda group: group.hit_type.assignment_duration,
}


def page_number(request: HttpRequest) -> int:
    """`?page=`, from 0; anything else is the first page."""
    text = request.GET.get("page", "0")
    return min(int(text), 10_000) if text.isascii() and text.isdigit() and len(text) < 9 else 0


class GroupFilter(forms.Form):
    """Filters and sort of the list of HIT groups; they live in the URL, so a bad value is no filter."""

    q = forms.CharField(required=False, max_length=200, label="Words")
    reward = forms.DecimalField(required=False, min_value=Decimal(0), max_value=Decimal(100000), label="At least, in $")
    qualified = forms.BooleanField(required=False, label="Only what I qualify for")
    sort = forms.ChoiceField(required=False, choices=list(SORTS.items()), label="Order")

    def apply(self, groups: list[Group]) -> list[Group]:
        self.is_valid()
        chosen = self.cleaned_data
        if words := chosen.get("q", "").casefold().split():
            groups = [group for group in groups if all(word in _text(group) for word in words)]
        if chosen.get("reward"):
            groups = [group for group in groups if group.hit_type.reward >= chosen["reward"]]
        if chosen.get("qualified"):
            groups = [group for group in groups if group.qualified]
        return sorted(groups, key=_KEYS[chosen.get("sort") or "newest"])


def _text(group: Group) -> str:
    kind = group.hit_type
    return f"{kind.title} {kind.description} {kind.keywords} {kind.requester}".casefold()


class ProfileForm(forms.ModelForm):
    """Where a worker lives and what they want to see; it decides which tasks are for them."""

    country = forms.ChoiceField(label="Country you live in")
    subdivision = forms.ChoiceField(label="State, in the United States", required=False)

    class Meta:
        model = Worker
        fields = ("country", "subdivision", "accepts_adult_content", "wants_letters")
        labels = {
            "accepts_adult_content": "I am at least 18 and also want to see tasks with adult content",
            "wants_letters": "Messages of requesters also by e-mail",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country: Any = self.fields["country"]
        country.choices = [("", "Choose…"), *countries]
        subdivision: Any = self.fields["subdivision"]
        subdivision.choices = [("", "None"), *((name, name) for name in STATES)]
        self.fields["wants_letters"].help_text = ""

    def clean_subdivision(self) -> str:
        if self.cleaned_data.get("country") != "US":
            return ""
        return self.cleaned_data["subdivision"]
