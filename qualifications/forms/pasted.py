"""Worker ids that somebody pastes: read within the request, so there may not be too many of them."""

import re
from typing import Any

from django import forms

MOST_PASTED = 10_000


class PastedIds(forms.CharField):
    """Ids, each between two `separators`. Too many are refused whole: nothing typed is lost, and no part of it is taken
    for all. `otherwise`: what to do with more of them."""

    widget = forms.Textarea

    def __init__(self, *, otherwise: str, separators: str = "\n", **options: Any) -> None:
        attrs = {"class": "mono", "spellcheck": "false", "rows": options.pop("rows", 6)}
        super().__init__(max_length=1_000_000, label="Worker ids", widget=forms.Textarea(attrs=attrs), **options)
        self._otherwise = otherwise
        self._between = re.compile(f"[{separators}]")

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        count = sum(1 for typed in self._between.split(text) if typed.strip())
        if count > MOST_PASTED:
            raise forms.ValidationError(
                f"These are {count:,} ids; {MOST_PASTED:,} can be pasted at a time. {self._otherwise}"
            )
        return text
