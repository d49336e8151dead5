"""`{% answer answer %}` draws an answer, `{% answer_thumbnail answer %}` its small form for a row."""

from typing import Any

from django import template

from hits.answers.parts import Answer, Mask, Seen, Shapes, Spans
from hits.answers.text import shown

register = template.Library()

_RAW = 20_000
_MOST_IN_THUMBNAIL = 60


@register.inclusion_tag("answers/answer.html")
def answer(answer: Answer | None) -> dict[str, Any]:
    """All parts of an answer, then its raw text folded (the first 20,000 characters)."""
    if answer is None:
        return {"answer": None}
    drawings = [part for part in answer.parts if isinstance(part, (Shapes, Mask, Spans, Seen))]
    return {
        "answer": answer,
        "drawings": drawings,
        "many": len(drawings) > 1,
        "crowded": len(drawings) > 4,
        "rest": [part for part in answer.parts if not isinstance(part, (Shapes, Mask, Spans, Seen))],
        "raw": shown(answer.raw[:_RAW]),
        "raw_more": max(0, len(answer.raw) - _RAW),
    }


@register.inclusion_tag("answers/thumbnail.html")
def answer_thumbnail(answer: Answer | None) -> dict[str, Any]:
    """The first drawing in small and the answer in one line. Holds no link, so it can stand in one."""
    if answer is None:
        return {"answer": None}
    drawing = next((part for part in answer.parts if isinstance(part, (Shapes, Mask, Seen))), None)
    picture = drawing.picture.url if drawing is not None and drawing.picture is not None else ""
    return {
        "answer": answer,
        "drawing": drawing if picture or not isinstance(drawing, Seen) else None,
        "picture": picture,
        "shapes": drawing.shapes[:_MOST_IN_THUMBNAIL] if isinstance(drawing, Shapes) else (),
        "mask": drawing.data if isinstance(drawing, Mask) else "",
    }
