"""What an answer says, read once per row however many rules ask, and in words fit for a sentence."""

from typing import Any

from hits.answers.normalise import opened
from hits.answers.text import one_line
from hits.answers.values import is_blank, is_drawing, key_of, same, values
from hits.models import HIT, Assignment, Batch
from hits.questions import read_question


def said(row: Assignment) -> dict[str, Any]:
    """Field -> value (see hits.answers.values), kept with the row object; `row.hit` has to be loaded."""
    found: dict[str, Any] | None = row.__dict__.get("_said")
    if found is None:
        found = row.__dict__["_said"] = values(row.answer, row.hit.question)
    return found


def field_of(answer: dict[str, Any], name: str) -> Any:
    """The value of a field; None where the answer has none of that name."""
    return answer.get(name)


def meets(value: Any, accepted: Any) -> bool:
    """Whether a value is an accepted one: a value as an answer holds it, or a person's text for one.

    Of options that were chosen together a person writes `a|b`; a drawing or a list as JSON.
    """
    if same(value, accepted):
        return True
    if not isinstance(accepted, str):
        return False
    if isinstance(value, list):
        return key_of(sorted(str(item).strip() for item in value)) == key_of(
            sorted(part.strip() for part in accepted.split("|"))
        )
    if isinstance(value, dict):
        written = opened(accepted)
        return isinstance(written, dict) and same(value, written)
    if isinstance(value, bool):
        return accepted.strip().casefold() in ({"true", "on", "yes"} if value else {"false", "off", "no", ""})
    return False


def meets_loosely(value: Any, accepted: str) -> bool:
    """As `meets`, without regard to capitals: what is typed to show attention is not spelling."""
    if isinstance(value, str):
        return key_of(value.casefold()) == key_of(accepted.casefold())
    if isinstance(value, list):
        value, accepted = [str(item).casefold() for item in value], accepted.casefold()
    return meets(value, accepted)


def in_words(value: Any, limit: int = 60) -> str:
    """A value inside a sentence: “Positive”, “a, b”, nothing, a drawing."""
    if is_blank(value):
        return "nothing"
    if is_drawing(value):
        shapes = len(value.get("shapes") or value.get("spans") or value.get("labels") or [])
        return f"a drawing of {shapes}"
    if value is True:
        return "yes"
    if isinstance(value, list):
        return f"“{one_line(', '.join(map(str, value)), limit)}”"
    return f"“{one_line(value, limit)}”"


def seconds_in_words(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if rest and minutes < 60 else f"{minutes} min"


def listed(names: list[str], most: int = 4) -> str:
    """`a, b, c and 2 more`, each name bounded."""
    words = ", ".join(one_line(name, 40) for name in names[:most])
    return words if len(names) <= most else f"{words} and {len(names) - most} more"


#: Answers that are looked into to learn what a batch's fields are called.
_SOME_ANSWERS = 20


def fields_of(batch: Batch) -> list[str]:
    """The names of a batch's fields: those its latest task names, and those its latest answers have."""
    names: dict[str, None] = {}
    rows = (
        Assignment.objects.filter(account=batch.account_id, batch=batch).select_related("hit").defer("raw", "hit__raw")
    )
    latest = list(rows.order_by("-submitted_at", "-pk")[:_SOME_ANSWERS])
    for row in latest:
        names.update(dict.fromkeys(said(row)))
    hit = latest[0].hit if latest else HIT.objects.filter(batch=batch).order_by("-created_at").first()
    if hit is not None:
        question = read_question(hit.question)
        # A widget's value may stand under a name of its own; its answers tell better.
        typed = [name for name, field in question.fields.items() if field.control not in ("hidden", "submit")]
        names.update(dict.fromkeys(typed if latest else [*typed, *question.widgets]))
    return [name for name in names if name]
