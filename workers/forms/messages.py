"""What somebody writes to workers."""

from typing import Any

from django import forms

from dashboard.permissions import Denied
from workers import text
from workers.actions.messages import check_words


class MessageForm(forms.Form):
    """Subject and text; how long they are is checked with the values filled in. Nothing is cut, whatever is wrong."""

    subject = forms.CharField(strip=False, required=False, max_length=2000)
    text = forms.CharField(strip=False, required=False, max_length=20_000, widget=forms.Textarea)
    form_key = forms.UUIDField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                cleaned["subject"], cleaned["text"] = check_words(cleaned["subject"], cleaned["text"])
            except Denied as reason:
                # Beside the field it is about.
                about_subject = "subject" in str(reason) and "characters of subject" not in str(reason)
                self.add_error("subject" if about_subject else "text", str(reason))
        return cleaned

    @property
    def variables(self) -> dict[str, str]:
        return text.VARIABLES
