"""What an answer is worth as data. This is between us: MTurk never hears of it, and pay does not depend on it."""

import json
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from dashboard import audit
from dashboard.models import Role, User
from dashboard.permissions import Denied, check_role
from hits.answers.painted import as_painted, is_mask
from hits.answers.text import shown
from hits.answers.typed import NotADrawing, as_lines, read_lines
from hits.answers.values import is_cut, is_drawing, same, values
from hits.models import Assignment, DataVerdict

#: Fields of one answer that can be corrected, how long a value and a name may be, and all values together: as a form
#: sends it, a character is up to nine bytes, and Django takes no form of more than two and a half million.
MOST_FIELDS = 60
LONGEST_VALUE, LONGEST_NAME = 100_000, 200
MOST_TYPED = 250_000
#: What is typed as a larger number is kept as text, and so are NaN and Infinity: databases know neither in JSON.
LARGEST_NUMBER = 1e300
JUDGED, TAKEN_BACK = "data.judged", "data.taken_back"


def check_can_judge(by: User, assignment: Assignment) -> None:
    """Raise Denied with the reason why this person cannot judge answers as data."""
    check_role(by, assignment.account, Role.REVIEWER, "say what an answer is worth as data")


def fields_of(assignment: Assignment) -> dict[str, Any]:
    """The fields of an answer that can be corrected, with the worker's values: what is not too long for that, drawings
    as JSON, and masks, whose pictures are painted over."""
    typed: dict[str, Any] = {}
    left = MOST_TYPED
    for name, value in values(assignment.answer, assignment.hit.question).items():
        size = _size(value)
        if size <= min(left, LONGEST_VALUE) and len(name) <= LONGEST_NAME and len(typed) < MOST_FIELDS:
            typed[name] = value
            left -= size
    return typed


def _size(value: Any) -> int:
    """Characters of what a value is corrected as; too many where it cannot be."""
    no_text = is_cut(value) or (isinstance(value, dict) and not is_drawing(value))
    return LONGEST_VALUE + 1 if no_text else len(in_the_form(value))


def as_text(value: Any) -> str:
    """A value as it stands in the box it is corrected in; `as_typed` reads it back."""
    if is_drawing(value):
        return as_lines(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        lines = [item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in value]
        return "\n".join(lines)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_typed(text: str, original: Any) -> Any:
    """What was typed, of the kind the worker's value is where it can be read as that. NotADrawing, a ValueError, where
    that has to be a drawing and is none."""
    if is_drawing(original):
        return read_lines(text, original)
    text = shown(text).strip()
    if isinstance(original, list):
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        return lines if all(isinstance(item, str) for item in original) else [as_typed(line, 0) for line in lines]
    if isinstance(original, bool) and text.lower() in ("yes", "true", "no", "false"):
        return text.lower() in ("yes", "true")
    if isinstance(original, (int, float)) and not isinstance(original, bool):
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            return text
        number = isinstance(read, (int, float)) and not isinstance(read, bool)
        return read if number and abs(read) < LARGEST_NUMBER else text
    return text or None


def corrections(assignment: Assignment, typed: dict[str, str]) -> dict[str, Any]:
    """Field name: corrected value, of those whose typed value says something else than the worker did."""
    originals, read = fields_of(assignment), {}
    for name, text in typed.items():
        if name not in originals or is_untouched(text, originals[name]):
            continue
        if len(text) > LONGEST_VALUE and not is_mask(originals[name]):
            raise Denied(f"{name[:80]}: {len(text):,} characters are too many; {LONGEST_VALUE:,} is the most.")
        try:
            read[name] = as_typed(text, originals[name])
        except NotADrawing as reason:
            raise Denied(f"{name[:80]}: {reason}") from None
    # A blank stays a correction where the worker had said something.
    return {name: value for name, value in read.items() if _differs(value, originals[name])}


def is_untouched(text: str, original: Any) -> bool:
    """Whether that is what stood in the box at first. Not all that a worker can say reads back as the same."""
    return _as_sent(text) == _as_sent(in_the_form(original))


def in_the_form(value: Any) -> str:
    """A worker's value as it stands in the form at first."""
    return as_painted(value, own=True) if is_mask(value) else as_text(value)


def _as_sent(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _differs(value: Any, original: Any) -> bool:
    if is_mask(original):
        return bool(value != original)
    # Two drawings that overlap by half say the same, and yet somebody moved a corner.
    return as_text(value) != as_text(original) if is_drawing(original) else not same(value, original)


def judge(*, assignment: Assignment, by: User, verdict: str, typed: dict[str, str] | None = None) -> Assignment:
    """Say what an answer is worth as data; an empty verdict takes it away. What was there before is in the record.

    `typed` are the values of a corrected one as `as_text` writes them; the worker's own answer never changes.
    """
    check_can_judge(by, assignment)
    corrected: dict[str, Any] | None = None
    if verdict == DataVerdict.CORRECTED:
        # Before anything is locked: answers never change, and the pixels of a large mask take a moment.
        corrected = corrections(assignment, typed or {})
        if not corrected:
            raise Denied("Nothing was changed. Correct at least one value, or call the answer usable as it is.")
    elif verdict and verdict not in DataVerdict.values:
        raise Denied("Choose usable, unusable, unsure or corrected.")
    return _judge(assignment, by, verdict, corrected)


@transaction.atomic
def _judge(assignment: Assignment, by: User, verdict: str, corrected: dict[str, Any] | None) -> Assignment:
    assignment = _locked(assignment)
    check_can_judge(by, assignment)
    if verdict == assignment.data_verdict and corrected == assignment.corrected:
        return assignment
    before = {"verdict": assignment.data_verdict, "corrected": assignment.corrected, "by": assignment.data_by_id}
    before["at"] = assignment.data_at.isoformat() if assignment.data_at else None
    assignment.data_verdict, assignment.corrected = verdict, corrected
    assignment.data_by, assignment.data_at = (by, timezone.now()) if verdict else (None, None)
    assignment.save(update_fields=["data_verdict", "corrected", "data_by", "data_at"])
    words = DataVerdict(verdict).label if verdict else "No longer judged"
    audit.record(
        JUDGED,
        account=assignment.account,
        by=by,
        subject=assignment.assignment_id,
        text=f"As data: {words.lower()}",
        data={"verdict": verdict, "corrected": corrected, "before": before},
    )
    return assignment


@transaction.atomic
def take_back(*, assignment: Assignment, by: User, said: dict[str, Any]) -> Assignment:
    """Put back what `said` (the data of an event of `judge`) replaced; Denied where somebody has changed it since."""
    assignment = _locked(assignment)
    check_can_judge(by, assignment)
    if (assignment.data_verdict, assignment.corrected) != (said["verdict"], said["corrected"]):
        raise Denied("It was judged anew since, so this cannot be undone. Choose what it is worth now.")
    before = said["before"]
    assignment.data_verdict, assignment.corrected = before["verdict"], before["corrected"]
    assignment.data_by = User.objects.filter(pk=before["by"]).first()
    assignment.data_at = datetime.fromisoformat(before["at"]) if before["at"] else None
    assignment.save(update_fields=["data_verdict", "corrected", "data_by", "data_at"])
    audit.record(
        TAKEN_BACK,
        account=assignment.account,
        by=by,
        subject=assignment.assignment_id,
        text="Verdict about the data undone",
        data={"verdict": before["verdict"], "corrected": before["corrected"]},
    )
    return assignment


def _locked(assignment: Assignment) -> Assignment:
    return (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("hit", "account")
        .defer("raw", "hit__raw")
        .get(pk=assignment.pk)
    )
