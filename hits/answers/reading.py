"""An answer as a reviewer sees it, from the text MTurk keeps of it."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from hits.answers.detect import detect
from hits.answers.normalise import Tree, normalise
from hits.answers.parse import parse
from hits.answers.parts import Answer, Fields, Image, Mask, Part, Row, Seen, Shapes, Spans, Technical
from hits.answers.sources import Sources
from hits.answers.text import one_line
from hits.answers.trees import words
from hits.questions import Question, read_question

_SUMMARY, _SEARCH = 140, 20_000
_log = logging.getLogger(__name__)


def read(answer_xml: str | None, question_text: str | None = None, inputs: dict[str, Any] | None = None) -> Answer:
    """The answer in `answer_xml` (a QuestionFormAnswers document), shown with the words and pictures of
    `question_text` (the HIT's Question) and `inputs` (its input row). Never raises: what cannot be read is a problem
    with the raw text beside it."""
    parsed = parse(answer_xml)
    if parsed.problem:
        return Answer((), parsed.raw, parsed.problem, one_line(parsed.problem, _SUMMARY))
    try:
        question = read_question(question_text)
        return _answer(normalise(parsed, question), question, inputs, parsed.raw)
    except Exception:  # a page of fifty answers must not fall for one nobody foresaw
        _log.exception("An answer could not be shown")
        problem = "This answer has a shape that could not be shown."
        return Answer((), parsed.raw, problem, problem)


def _answer(tree: Tree, question: Question, inputs: dict[str, Any] | None, raw: str) -> Answer:
    sources = Sources(question, inputs)
    parts = detect(tree, sources)
    return Answer(
        parts=parts,
        raw=raw,
        problem="" if tree.entries else "The worker submitted nothing.",
        summary=summary(parts) or "nothing submitted",
        images=_images(parts),
    )


def summary(parts: tuple[Part, ...]) -> str:
    """The answer in one line of at most 140 characters: what was drawn, then what was said."""
    drawn = [part for part in parts if isinstance(part, (Shapes, Mask, Spans)) and not getattr(part, "judged", False)]
    texts = [_drawn(part) for part in drawn[:3]]
    if len(drawn) > 3:
        shapes = sum(len(part.shapes) for part in drawn if isinstance(part, Shapes))
        texts = [f"{len(drawn)} drawings, {shapes} shapes"]
    rows = [row for part in parts if isinstance(part, Fields) for row in part.rows]
    said = [(row.label, text) for row in rows for text in [_said(row)] if text]
    alone = len(said) == 1 and not texts
    for label, text in said:
        texts.append(text if alone else f"{one_line(label, 40)}: {text}")
        if sum(len(text) for text in texts) > _SUMMARY:
            break
    if not texts and rows:
        texts.append("all blank")
    return one_line(" · ".join(texts), _SUMMARY)


def _drawn(part: Shapes | Mask | Spans) -> str:
    counts: dict[str, int] = {}
    for entry in part.legend:
        label = entry.label.rstrip("0123456789").rstrip() or entry.label if isinstance(part, Mask) else entry.label
        counts[label] = counts.get(label, 0) + entry.count
    listed = ", ".join(f"{label} ×{count}" if count > 1 else label for label, count in list(counts.items())[:8])
    if isinstance(part, Mask):
        return f"mask: {listed}" if listed else "empty mask"
    if isinstance(part, Spans):
        return listed or "no entities"
    total = len(part.shapes) + part.more
    if not total:
        return "nothing to label"
    noun = part.noun if total == 1 else {"box": "boxes"}.get(part.noun, part.noun + "s")
    return f"{total} {noun}" if listed in ("", "no label", f"no label ×{total}") else f"{total} {noun}: {listed}"


def _said(row: Row) -> str:
    """What a row says, in a few words; nothing where nobody said anything."""
    if row.kind in ("text", "long", "number", "file"):
        return one_line(row.text, 100)
    if row.kind == "truth":
        return row.text if any(option.chosen for option in row.options) else ""
    if row.kind == "choice":
        return ", ".join(one_line(option.text, 60) for option in row.options[:40] if option.chosen)
    if row.kind in ("link", "links"):
        return row.links[0].host or row.links[0].text
    if row.kind == "tree":
        values = [
            f"{step.key}: {step.text}" if step.key else step.text for step in row.tree[:12] if step.step == "leaf"
        ]
        return one_line(", ".join(values), 80)
    return "a picture" if row.kind == "image" else ""


def with_codes(answer: Answer, codes: Mapping[str, Collection[str]]) -> Answer:
    """`answer` with each survey code compared with those that were given out: field name -> its codes, as `tidy_code`
    writes them (a set: there may be thousands)."""

    def compared(row: Row) -> Row:
        given = codes.get(row.name) if row.kind in ("text", "number", "blank") else None
        if given is None:
            return row
        return replace(row, is_expected=tidy_code(row.text) in given)

    parts = tuple(
        replace(part, rows=tuple(map(compared, part.rows))) if isinstance(part, (Fields, Technical)) else part
        for part in answer.parts
    )
    return replace(answer, parts=parts)


def tidy_code(text: str) -> str:
    """A code as it is compared: people who copy one add blanks and forget capitals."""
    return "".join(text.split()).casefold()


def search_text(answer_xml: str | None) -> str:
    """What a search looks through: names and values, a line each. Never raises."""
    parsed = parse(answer_xml)
    if parsed.problem:
        return one_line(parsed.raw, _SEARCH)
    try:
        return _search_text(normalise(parsed))
    except Exception:
        _log.exception("An answer's words could not be read")
        return one_line(parsed.raw, _SEARCH)


def _search_text(tree: Tree) -> str:
    found: list[str] = []
    length = 0
    for entry in tree.entries:
        if length > _SEARCH:
            break
        given = entry.given
        if given is not None:
            value: Any = [*given.texts, *given.selections, given.other or ""]
        else:
            value = entry.value
        if isinstance(value, str) and len(value) > 1_000 and " " not in value[:200]:
            value = value[:80]  # a picture in base64 is nothing to search
        texts = [one_line(entry.name, 200), *(" ".join(text.split()) for text in words(value, _SEARCH))]
        found += texts
        length += sum(len(text) + 1 for text in texts)
    return "\n".join(found)[:_SEARCH]


def _images(parts: tuple[Part, ...]) -> tuple[Image, ...]:
    images: dict[str, str] = {}
    for part in parts:
        pictures = [part.picture] if isinstance(part, (Shapes, Mask, Seen)) else []
        pictures += [row.picture for row in part.rows] if isinstance(part, Fields) else []
        for picture in filter(None, pictures):
            images.setdefault(picture.url or (picture.link.href if picture.link else ""), picture.source)
    return tuple(Image(url, source) for url, source in images.items() if url)
