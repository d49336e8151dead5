"""The index of texts: a digest for each text an answer holds, written for batches whose rules ask for it."""

import hashlib
from typing import Any

from hits.answers.values import is_drawing
from hits.models import AnswerText, Assignment, Rule
from hits.questions import read_question
from hits.rules.reading import said

#: Shorter ones say nothing about anybody, and more of one answer are not looked at.
SHORTEST, MOST = 3, 40
WATCHERS = (Rule.Look.DUPLICATE, Rule.Look.CODE)


def watched(batches: set[int]) -> dict[int, set[str]]:
    """Batches that have a rule about texts, switched on or not, and the fields of codes among them."""
    found: dict[int, set[str]] = {}
    rules = Rule.objects.kept().filter(batch__in=batches, look__in=WATCHERS)
    for batch, look, settings in rules.values_list("batch", "look", "settings"):
        fields = found.setdefault(batch, set())
        if look == Rule.Look.CODE:
            fields.add(settings.get("field", ""))
    return found


def write(rows: list[Assignment], codes: dict[int, set[str]]) -> int:
    """Digests of the texts of these answers, in batches that `watched` names; those written before stay."""
    made = [text for row in rows if row.batch_id in codes for text in _texts(row, codes[row.batch_id])]
    AnswerText.objects.bulk_create(made, ignore_conflicts=True, batch_size=500)
    return len(made)


def squeezed(text: str) -> str:
    """A text as its size is counted: blanks are one."""
    return " ".join(text.split())


def digest_of(field: str, text: str) -> int:
    """The same for texts that differ in capitals and blanks only: people copy with them and without."""
    digest = hashlib.blake2b(digest_size=8)
    for part in (field, "".join(text.split()).casefold()):
        digest.update(part.encode("utf-8", "surrogatepass") + b"\x00")
    return int.from_bytes(digest.digest(), "big", signed=True)


def _texts(row: Assignment, codes: set[str]) -> list[AnswerText]:
    question = read_question(row.hit.question)
    found: list[AnswerText] = []
    for name, value in said(row).items():
        if name in codes:
            text = squeezed("" if value is None else str(value))
        elif question.widget(name) is not None or ((field := question.fields.get(name)) is not None and field.options):
            continue  # what was chosen is the same for many
        else:
            text = squeezed(_text(value))
        if len(text) >= SHORTEST and len(found) < MOST:
            found.append(
                AnswerText(
                    batch_id=row.batch_id,
                    assignment_id=row.pk,
                    worker_id=row.worker_id,
                    field=name[:200],
                    digest=digest_of(name, text),
                    size=len(text),
                    submitted_at=row.submitted_at,
                )
            )
    return found


def _text(value: Any) -> str:
    """What somebody typed; of a number or a drawing nothing, which anybody may give again."""
    return value if isinstance(value, str) and not is_drawing(value) else ""
