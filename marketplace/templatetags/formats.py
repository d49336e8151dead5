"""How money, times and form fields are written on the worker site: `{% load formats %}`. Times are marketplace time."""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import nh3
from django import template
from django.forms import BoundField, CheckboxInput, Select, Textarea
from django.template import Context
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from marketplace import clock

register = template.Library()


@register.filter
def money(value: Any) -> str:
    """`$1,234.50`."""
    return f"${Decimal(str(value or 0)):,.2f}"


@register.filter
def span(value: Any) -> str:
    """A time allowed or taken, in seconds or as a timedelta: `45 s`, `20 min`, `1 h 30 min`, `3 days`."""
    seconds = int(value.total_seconds() if isinstance(value, timedelta) else value or 0)
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 60:
        return f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{days} days"


def _now(context: Context) -> datetime:
    """Marketplace time as the page has it: asked for each row, it would be a query for each row."""
    return context.get("marketplace_now") or clock.now()


@register.simple_tag(takes_context=True)
def ago(context: Context, when: datetime | None) -> SafeString | str:
    """How long ago or how soon; exact on hover, kept true by times.js."""
    if when is None:
        return "—"
    seconds = (_now(context) - when).total_seconds()
    return _time(when, "ago", f"{span(abs(seconds))} ago" if seconds >= 0 else f"in {span(-seconds)}")


@register.simple_tag(takes_context=True)
def left(context: Context, when: datetime | None) -> SafeString | str:
    """Time left until a deadline, counted down."""
    if when is None:
        return "—"
    seconds = (when - _now(context)).total_seconds()
    return _time(when, "left", f"{span(seconds)} left" if seconds > 0 else "over")


@register.simple_tag(takes_context=True)
def deadline(context: Context, when: datetime | None, element_id: str = "") -> SafeString | str:
    """Time left to the second in the last hour, counted down by worker-site.js in these very words."""
    if when is None:
        return "—"
    return format_html(
        '<time datetime="{}" data-deadline{} title="{}">{}</time>',
        when.isoformat(),
        format_html(' id="{}"', element_id) if element_id else "",
        _exact(when),
        countdown((when - _now(context)).total_seconds()),
    )


def countdown(seconds: float) -> str:
    """`3 d 4 h left`, `2 h 05 min left`, `48:12 left`, `over`."""
    whole = int(seconds)
    if whole <= 0:
        return "over"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if days >= 2:
        return f"{days} d {hours % 24} h left"
    if hours:
        return f"{hours} h {minutes % 60:02} min left"
    return f"{minutes}:{whole % 60:02} left"


def _time(when: datetime, mode: str, words: str) -> SafeString:
    return format_html(
        '<time datetime="{}" data-time="{}" title="{}">{}</time>', when.isoformat(), mode, _exact(when), words
    )


def _exact(when: datetime) -> str:
    local = timezone.localtime(when)
    return f"{local.day} {local:%b %Y, %H:%M:%S} {local.tzname()}"


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """An icon of the sprite."""
    return _icon(name, classes)


@lru_cache(maxsize=200)
def _icon(name: str, classes: str) -> SafeString:
    return render_to_string("includes/icon.html", {"name": name, "class": classes})


@register.simple_tag
def styled(field: BoundField) -> SafeString:
    """The field's widget in the site's looks, tied to its help and its errors for screen readers."""
    widget = field.field.widget
    if isinstance(widget, CheckboxInput):
        looks = "form-check-input"
    else:
        looks = "form-select" if isinstance(widget, Select) else "form-control"
    attributes: dict[str, Any] = {"class": looks}
    if isinstance(widget, Textarea):
        attributes.setdefault("rows", 3)
    if field.errors:
        attributes |= {"class": f"{looks} is-invalid", "aria-invalid": "true"}
    return field.as_widget(attrs=attributes)


# What a FormattedContent may show on our own page: words and their shape, pictures, links that leave. No frames, no
# styles, no forms; nh3 drops everything else, event handlers and `javascript:` among it.
_NAMES = (
    "a abbr acronym b big blockquote br caption center cite code col colgroup dd del dfn div dl dt em font h1 h2 h3 h4 "
    "h5 h6 hr i img ins kbd li ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead tr tt "
    "u ul var"
)
_TAGS = set(_NAMES.split())
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}


@register.filter
def requesters_xhtml(text: str) -> SafeString:
    """A requester's FormattedContent as HTML that can do nothing."""
    cleaned = nh3.clean(
        text,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}, "img": {"referrerpolicy": "no-referrer"}},
    )
    return SafeString(cleaned)
