"""`{% answer answer %}` draws an answer, `{% answer_thumbnail answer %}` its small form for a row."""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.core.signing import Signer
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from hits.answers import drawing
from hits.answers.parts import Answer, Link, Mask, Seen, Shape, Shapes, Spans
from hits.answers.text import shown

register = template.Library()

_RAW = 20_000
_MOST_IN_THUMBNAIL = 60


@register.inclusion_tag("answers/answer.html", takes_context=True)
def answer(context: Context, answer: Answer | None) -> dict[str, Any]:
    """All parts of an answer, then its raw text folded (the first 20,000 characters).

    Pictures that only the worker named can be looked at where the page has `assignment` and `account`."""
    if answer is None:
        return {"answer": None}
    drawings = [part for part in answer.parts if isinstance(part, (Shapes, Mask, Spans, Seen))]
    return {
        "assignment": context.get("assignment"),
        "account": context.get("account"),
        "answer": answer,
        "drawings": drawings,
        "many": len(drawings) > 1,
        "crowded": len(drawings) > 4,
        "rest": [part for part in answer.parts if not isinstance(part, (Shapes, Mask, Spans, Seen))],
        "raw": shown(answer.raw[:_RAW]),
        "raw_more": max(0, len(answer.raw) - _RAW),
    }


@register.simple_tag
def shape_marks(part: Shapes) -> SafeString:
    """The shapes of a drawing, inside its SVG."""
    return mark_safe(drawing.marks(part.shapes))  # noqa: S308 - escaped there


@register.simple_tag
def shape_rows(part: Shapes) -> SafeString:
    """The rows of the table of its shapes."""
    return mark_safe(drawing.listed(part))  # noqa: S308 - escaped there


@register.simple_tag
def thumbnail_marks(shapes: tuple[Shape, ...]) -> SafeString:
    """The shapes of a drawing in small: no names, nothing to point at."""
    marks = (
        f'<g class="{drawing.classes(shape)}"{drawing.paint(shape)}>{drawing.outline(shape)}</g>' for shape in shapes
    )
    return mark_safe("".join(marks))  # noqa: S308 - nothing of a worker but numbers


@register.simple_tag(takes_context=True)
def show_picture(context: Context, link: Link | None, *, always: bool = False) -> str:
    """A button that shows a picture only the worker named, fetched by this server."""
    assignment, account = context.get("assignment"), context.get("account")
    if link is None or not link.href or link.source != "worker" or not (always or link.is_picture):
        return ""
    if assignment is None or account is None or not isinstance(getattr(assignment, "assignment_id", None), str):
        return ""
    url = reverse("picture", args=[account.slug, assignment.assignment_id])
    query = urlencode({"url": Signer(salt=f"picture:{assignment.assignment_id}").sign(link.href)})
    return format_html(
        ' <a class="answer-show" href="{}?{}" target="_blank" rel="noopener noreferrer" data-show-picture>'
        "Show the picture</a>",
        url,
        query,
    )


@register.inclusion_tag("answers/thumbnail.html")
def answer_thumbnail(answer: Answer | None) -> dict[str, Any]:
    """The first drawing in small and the answer in one line. Holds no link, so it can stand in one."""
    if answer is None:
        return {"answer": None}
    drawn = next((part for part in answer.parts if isinstance(part, (Shapes, Mask, Seen))), None)
    picture = drawn.picture.url if drawn is not None and drawn.picture is not None else ""
    return {
        "answer": answer,
        "drawing": drawn if picture or not isinstance(drawn, Seen) else None,
        "picture": picture,
        "shapes": drawn.shapes[:_MOST_IN_THUMBNAIL] if isinstance(drawn, Shapes) else (),
        "mask": drawn.data if isinstance(drawn, Mask) else "",
    }
