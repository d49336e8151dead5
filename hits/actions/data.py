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
from hits.answers.values import is_drawing, same, values
from hits.models import Assignment, DataVerdict

#: Fields of one answer that can be corrected, and how long a value may be.
MOST_FIELDS = 60
LONGEST_VALUE = 100_000
#: What is typed as a larger number is kept as text, and so are NaN and Infinity: databases know neither in JSON.
LARGEST_NUMBER = 1e300
JUDGED, TAKEN_BACK = "data.judged", "data.taken_back"


def check_can_judge(by: User, assignment: Assignment) -> None:
    """Raise Denied with the reason why this person cannot judge answers as data."""
    check_role(by, assignment.account, Role.REVIEWER, "say what an answer is worth as data")


def fields_of(assignment: Assignment) -> dict[str, Any]:
    """The fields of an answer that can be corrected, with the worker's values; drawings as JSON, where they are not too
    long for that, and masks, whose pictures are painted over."""
    found = values(assignment.answer, assignment.hit.question)
    typed = {name: value for name, value in found.items() if _can_be_corrected(value)}
    return dict(list(typed.items())[:MOST_FIELDS])


def _can_be_corrected(value: Any) -> bool:
    if is_mask(value):
        return len(as_painted(value, own=True)) <= LONGEST_VALUE
    return len(as_lines(value)) <= LONGEST_VALUE if is_drawing(value) else not isinstance(value, dict)


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
        return [line.strip() for line in text.split("\n") if line.strip()]
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
        if name in originals:
            try:
                read[name] = as_typed(text, originals[name])
            except NotADrawing as reason:
                raise Denied(f"{name[:80]}: {reason}") from None
    # A blank stays a correction where the worker had said something.
    return {name: value for name, value in read.items() if _differs(value, originals[name])}


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
