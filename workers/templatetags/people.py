"""How figures of workers are written: `{% load people %}`."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.templatetags.formats import NOTHING, icon, took

register = template.Library()

_STATES = {
    "blocked": ("Blocked", "user-off", "red", "CreateWorkerBlock: cannot accept any HIT of this account"),
    "soft": ("Soft blocked", "ban", "amber", "Only this desk knows of it: later answers are marked"),
    "due": ("Look again", "clock", "amber", "The day that somebody chose has come"),
    "waiting": ("On its way", "hourglass", "blue", "Not confirmed by MTurk yet"),
    "proposed": ("Waits for release", "hand-stop", "amber", "Somebody else has to release it"),
    "sent": ("Sent", "circle-check", "green", "MTurk took it"),
    "refused": ("Not sent", "ban", "grey", "It never left, or MTurk refused the whole call"),
    "soft_failure": ("Could not be sent", "alert-circle", "amber", "NotifyWorkersFailureCode SoftFailure"),
    "hard_failure": ("Cannot be sent", "alert-circle", "failed", "NotifyWorkersFailureCode HardFailure"),
    "unknown": ("Nobody knows", "question-mark", "amber", "It was sent and no answer came"),
}


@register.simple_tag
def person_state(name: str) -> SafeString:
    word, symbol, colour, title = _STATES[name]
    return format_html('<span class="state state-{}" title="{}">{}{}</span>', colour, title, icon(symbol), word)


@register.filter
def permille(value: Any) -> str:
    """A rate in thousandths as percent; -1, nothing known, as a dash. Never rounded up to 100 %."""
    if value is None or value < 0:
        return NOTHING
    return f"{value // 10} %" if value % 10 == 0 or value < 900 else f"{value / 10:.1f} %"


@register.filter
def known_percent(value: Any) -> str:
    return NOTHING if value is None or value < 0 else f"{value} %"


@register.filter
def known_time(seconds: Any) -> str:
    return NOTHING if seconds is None or seconds < 0 else took(seconds)


@register.simple_tag
def outcome_state(recipient: Any) -> SafeString:
    """What became of a message for one worker."""
    names = {"soft": "soft_failure", "hard": "hard_failure"}
    return person_state(names.get(recipient.outcome, recipient.outcome))
