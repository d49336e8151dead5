"""How numbers, money, times and states are written on every page: `{% load formats %}`."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.forms import BoundField
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

NOTHING = "—"

# state -> (word, icon of the sprite, colour class, the API's name or a sentence for the hover)
STATES: dict[str, tuple[str, str, str, str]] = {
    # assignments
    "submitted": ("Submitted", "clock", "blue", "AssignmentStatus Submitted: handed in, not decided yet"),
    "approved": ("Approved", "circle-check", "green", "AssignmentStatus Approved: the reward is paid"),
    "rejected": ("Rejected", "circle-x", "red", "AssignmentStatus Rejected: the reward is not paid"),
    "approving": ("Approving", "hourglass", "blue", "Approval is on its way"),
    "rejecting": ("Rejecting", "hourglass", "blue", "Rejection is on its way"),
    # HITs
    "assignable": ("Open to workers", "users", "blue", "HITStatus Assignable"),
    "unassignable": ("All taken", "user-check", "grey", "HITStatus Unassignable: workers are still on it"),
    "reviewable": ("Ready to review", "checklist", "amber", "HITStatus Reviewable"),
    "reviewing": ("In review", "eye", "blue", "HITStatus Reviewing"),
    "disposed": ("Disposed", "archive", "grey", "HITStatus Disposed"),
    "gone": ("Gone at the endpoint", "cloud-off", "grey", "It was there once; this copy is the archive"),
    # commands
    "proposed": ("Waits for release", "hand-stop", "amber", "Somebody else has to release it"),
    "queued": ("Queued", "hourglass-empty", "blue", "Will be sent when it is due"),
    "sending": ("Sending", "loader-2", "blue", "On the wire now"),
    "done": ("Done", "circle-check", "green", "The endpoint confirmed it"),
    "failed": ("Failed", "alert-circle", "failed", "It did not happen; no money moved"),
    "unknown": ("No answer yet", "question-mark", "amber", "It was sent and nothing came back; being asked after"),
    "attention": ("Needs a person", "alert-triangle", "amber", "Only a person can say whether it happened"),
    "cancelled": ("Cancelled", "ban", "grey", "Taken back before it was sent"),
    "declined": ("Declined", "ban", "grey", "The second person said no; nothing was sent"),
    # jobs and syncs
    "preparing": ("Preparing", "loader-2", "blue", ""),
    "running": ("Running", "loader-2", "blue", ""),
    "paused": ("Paused", "player-pause", "amber", ""),
    # qualifications
    "active": ("Active", "circle-check", "green", "QualificationTypeStatus Active: workers can ask for it"),
    "inactive": ("Inactive", "player-pause", "grey", "QualificationTypeStatus Inactive: nobody can ask for it"),
    "disposing": ("Being deleted", "trash", "grey", "It ends with the last HIT that asks for it"),
    "creating": ("Being created", "hourglass", "blue", "MTurk has not answered yet"),
    "pending": ("Waits", "clock", "blue", "A worker asks and nobody has decided"),
    "granted": ("Granted", "circle-check", "green", "The worker has the qualification"),
    "elsewhere": ("Elsewhere", "world", "grey", "Changed by auto-approval or by another program"),
}

# What a person calls an operation of the API.
OPERATION_WORDS: dict[str, str] = {
    "ApproveAssignment": "Approve",
    "RejectAssignment": "Reject",
    "OverrideRejection": "Approve after rejection",
    "SendBonus": "Bonus",
    "CreateHIT": "Publish HIT",
    "CreateHITWithHITType": "Publish HIT",
    "CreateHITType": "Create HIT type",
    "ExtendHIT": "Extend time",
    "ExpireHIT": "Expire now",
    "StartReviewing": "Set to Reviewing",
    "StopReviewing": "Back to Reviewable",
    "UpdateHITTypeOfHIT": "Change HIT type",
    "CreateAdditionalAssignmentsForHIT": "Ask more workers",
    "DeleteHIT": "Delete HIT",
    "CreateQualificationType": "Create qualification",
    "UpdateQualificationType": "Change qualification",
    "DeleteQualificationType": "Delete qualification",
    "AssociateQualificationWithWorker": "Grant qualification",
    "DisassociateQualificationFromWorker": "Take qualification away",
    "AcceptQualificationRequest": "Accept request",
    "RejectQualificationRequest": "Reject request",
    "NotifyWorkers": "Message workers",
    "CreateWorkerBlock": "Block worker",
    "DeleteWorkerBlock": "Unblock worker",
}


@register.filter
def money(value: Any) -> str:
    """`Decimal("1234.5")` as `$1,234.50`; nothing as a dash."""
    if value is None or value == "":
        return NOTHING
    try:
        amount = Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    except InvalidOperation:
        return str(value)
    return f"−${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"


@register.filter
def took(seconds: Any) -> str:
    """Seconds as `0:48`, `12:03` or `1:02:03`."""
    try:
        whole = int(seconds)
    except (TypeError, ValueError):
        return NOTHING
    hours, rest = divmod(max(whole, 0), 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{secs:02d}" if hours else f"{minutes}:{secs:02d}"


@register.filter
def span(value: Any) -> str:
    """A timedelta as `48 s`, `12 m`, `3 h 12 m` or `5 d 4 h`; none as a dash."""
    return NOTHING if value is None else span_words(value.total_seconds())


@register.filter
def capped(value: Any, cap: int = 1000) -> str:
    """A count that was stopped at `cap`: `84`, or `1,000+` when there may be more."""
    try:
        number = int(value)
    except (TypeError, ValueError):
        return NOTHING
    return f"{cap:,}+" if number > cap else f"{number:,}"


@register.filter
def percent(part: Any, whole: Any) -> int:
    """`part` of `whole` in whole percent, 0 where there is nothing to divide by."""
    try:
        return round(100 * float(part) / float(whole))
    except (TypeError, ValueError, ZeroDivisionError):
        return 0


@register.filter
def short_id(value: Any) -> str:
    """A thirty letter id so that it fits a table cell: `3A1B2C…X9YZ`."""
    text = str(value or "")
    return text if len(text) <= 16 else f"{text[:6]}…{text[-4:]}"


@register.filter
def operation_words(kind: Any) -> str:
    """`SendBonus` as `Bonus`: what a person calls it; unknown ones stay as they are."""
    return OPERATION_WORDS.get(str(kind), str(kind))


@register.filter
def event_words(kind: Any) -> str:
    """The kind of an audit event for people: `SendBonus.done` as `Bonus: done`, `member.added` as `Member added`."""
    subject, _, what = str(kind).partition(".")
    if subject in OPERATION_WORDS:
        return f"{OPERATION_WORDS[subject]}: {STATES[what][0].lower() if what in STATES else what}"
    words = str(kind).replace(".", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def span_words(seconds: float) -> str:
    """A span of time in at most two units: `20 s`, `12 m`, `3 h 12 m`, `5 d 4 h`. times.js writes the same."""
    whole = int(abs(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if minutes < 60:
        return f"{minutes} m"
    if hours < 24:
        return f"{hours} h {minutes % 60} m" if minutes % 60 else f"{hours} h"
    if days < 10:
        return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"
    return f"{days} d"


def exact_words(when: datetime) -> str:
    """`21 Nov 2026, 14:03:09 CET` in the time zone of the person reading."""
    local = timezone.localtime(when)
    return f"{local.day} {local:%b %Y, %H:%M:%S} {local.tzname()}"


def _time(when: Any, mode: str, words: str) -> SafeString:
    # Not format_html, which takes as long as all the rest: nothing in it is anybody's text.
    title = escape(exact_words(when))
    return mark_safe(f'<time datetime="{when.isoformat()}" data-time="{mode}" title="{title}">{words}</time>')  # noqa: S308


@register.simple_tag
def ago(when: datetime | None) -> SafeString | str:
    """How long ago (or how soon) it is; the exact time on hover."""
    if not when:
        return NOTHING
    seconds = (timezone.now() - when).total_seconds()
    if 0 <= seconds < 5:
        words = "just now"
    else:
        words = f"{span_words(seconds)} ago" if seconds > 0 else f"in {span_words(seconds)}"
    return _time(when, "ago", words)


@register.simple_tag
def left(when: datetime | None) -> SafeString | str:
    """Time left until a deadline: `3 h 12 m left`, or `over`."""
    if not when:
        return NOTHING
    seconds = (when - timezone.now()).total_seconds()
    return _time(when, "left", f"{span_words(seconds)} left" if seconds > 0 else "over")


@register.simple_tag
def countdown(when: datetime | None) -> SafeString | str:
    """Time left without the word, for a column that is called so: `3 h 12 m`, or `over`."""
    if not when:
        return NOTHING
    seconds = (when - timezone.now()).total_seconds()
    return _time(when, "countdown", span_words(seconds) if seconds > 0 else "over")


@register.simple_tag
def due(when: datetime | None) -> SafeString | str:
    """A deadline inside a sentence: `in 3 h 12 m`, or `any moment` once it has passed."""
    if not when:
        return NOTHING
    seconds = (when - timezone.now()).total_seconds()
    return _time(when, "due", f"in {span_words(seconds)}" if seconds > 0 else "any moment")


@register.simple_tag
def exact(when: datetime | None) -> SafeString | str:
    """The exact time, for records."""
    return _time(when, "exact", exact_words(when)) if when else NOTHING


@register.inclusion_tag("includes/state.html")
def state(value: Any) -> dict[str, str]:
    """A state as a word with a colour and an icon; one we have no word for is shown as it came."""
    word, icon, colour, title = STATES.get(str(value).lower(), (str(value), "circle", "grey", ""))
    return {"word": word, "icon": icon, "colour": colour, "title": title}


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """`{% icon "check" %}`: an icon of the sprite. Drawn once; a page of rows holds a hundred of the same few."""
    return _icon(name, classes)


@lru_cache(maxsize=500)
def _icon(name: str, classes: str) -> SafeString:
    return render_to_string("includes/icon.html", {"name": name, "class": classes})


@register.inclusion_tag("includes/environment.html")
def environment(account: Any) -> dict[str, str]:
    """The badge that says where an account's money is: marketplace grey, sandbox teal, live money red."""
    kind = str(account.environment).lower()
    if "production" in kind or kind == "live":
        return {"word": "Live money", "icon": "cash", "colour": "live"}
    if "sandbox" in kind:
        return {"word": "Sandbox", "icon": "flask", "colour": "teal"}
    return {"word": "Marketplace", "icon": "building-store", "colour": "grey"}


@register.inclusion_tag("includes/state.html")
def assignment_state(assignment: Any) -> dict[str, str]:
    """An assignment's state with the verdict that is on its way, where there is one."""
    verdict = assignment.verdict
    if verdict is None:
        return state(assignment.status)
    if verdict.state in ("queued", "sending", "unknown"):
        return state("rejecting" if "reject" in verdict.kind.lower().replace("rejection", "") else "approving")
    return state(verdict.state if verdict.state in ("proposed", "attention") else assignment.status)


@register.inclusion_tag("includes/hour_chart.html")
def hour_chart(hours: list[tuple[datetime, int]]) -> dict[str, Any]:
    """Counts per hour, oldest first, as a bar chart drawn on the server: no script, nothing to load."""
    width, height, top, bottom, left = 760, 168, 10, 20, 34
    peak = max((count for _, count in hours), default=0)
    ceiling = next(
        step
        for power in range(12)
        for step in (2 * 10**power, 4 * 10**power, 6 * 10**power, 10 * 10**power)
        if step >= peak
    )
    slot = (width - left) / max(len(hours), 1)
    room = height - top - bottom
    bars, days = [], []
    for index, (when, count) in enumerate(hours):
        local, x = timezone.localtime(when), left + index * slot
        if local.hour == 0 and x < width - 40:
            days.append({"x": f"{x:.1f}", "label": f"{local:%a} {local.day}"})
        if count:
            tall = max(room * count / ceiling, 1.5)
            bars.append(
                {
                    "x": f"{x + slot * 0.1:.1f}",
                    "y": f"{top + room - tall:.1f}",
                    "width": f"{slot * 0.8:.1f}",
                    "height": f"{tall:.1f}",
                    "title": f"{count:,} on {local:%a} {local.day} {local:%b}, {local:%H}:00 to {local:%H}:59",
                }
            )
    lines = [{"y": f"{top + room * (1 - part):.1f}", "label": f"{ceiling * part:g}"} for part in (0, 0.5, 1)]
    total = sum(count for _, count in hours)
    return {
        "width": width,
        "height": height,
        "left": left,
        "bars": bars,
        "days": days,
        "lines": lines,
        "total": total,
        "peak": peak,
    }


@register.simple_tag
def styled(field: BoundField) -> SafeString:
    """A form field's widget in the look of the page; a wrong one is marked for eyes and screen readers alike."""
    look = {"checkbox": "form-check-input", "select": "form-select", "selectmultiple": "form-select"}
    classes = [look.get(field.widget_type, "form-control"), str(field.field.widget.attrs.get("class", ""))]
    if field.errors:
        classes.append("is-invalid")
    return field.as_widget(attrs={"class": " ".join(filter(None, classes))})
