"""Answers recorded elsewhere, a file each, made into the document a form would have sent and a question to go with it.

A JSON file has `answers` (field name -> text) or `payload` (the value of `taskAnswers`), and may have `assignment`
(columns of the Requester website's results), `inputs`, `element` and `note`; an XML file is the answer document itself.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from html import escape
from pathlib import Path
from typing import Any

from hits.answers.normalise import Entry, normalise, number
from hits.answers.parse import Parsed, parse
from hits.answers.rows import is_technical
from hits.answers.shapes import WIDGETS
from hits.answers.sources import Sources, looks_like_url
from hits.answers.text import one_line, shown
from marketplace.documents import Answer, build_answers

_LONGEST = 20_000_000
_LONGEST_QUESTION = 60_000  # bytes; MTurk takes 65,535
_ELEMENTS = {
    "boundingBoxes": "crowd-bounding-box",
    "polygons": "crowd-polygon",
    "polylines": "crowd-polyline",
    "lines": "crowd-line",
    "keypoints": "crowd-keypoint",
    "instances": "crowd-instance-segmentation",
    "labelMappings": "crowd-semantic-segmentation",
    "entities": "crowd-entity-annotation",
    "labels": "crowd-classifier-multi-select",
    "label": "crowd-classifier",
}


class RecordedError(ValueError):
    """A file that holds no recorded answer; the message is a sentence that names the file."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded answer. `reward` is in dollars; `assignment` has the Requester website's columns as text."""

    name: str
    answer_xml: str
    question_xml: str
    title: str
    description: str = ""
    keywords: str = ""
    reward: Decimal | None = None
    worker_id: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    assignment: dict[str, str] = field(default_factory=dict)
    note: str = ""


def recorded_in(folder: Path | str) -> Iterator[Path]:
    """The files of a folder that may be recorded answers, in the order of their names; those of its folder `answers`
    where it has none itself."""
    found = [
        path for path in sorted(Path(folder).iterdir()) if path.suffix.lower() in (".json", ".xml") and path.is_file()
    ]
    inner = Path(folder) / "answers"
    yield from recorded_in(inner) if not found and inner.is_dir() else found


def load_recorded(path: Path | str) -> Recorded:
    """The recorded answer in a file; a document that cannot be read is kept as it is, with a note.

    RecordedError where the file holds none.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _LONGEST:
            raise RecordedError(f"{path.name} is larger than {_LONGEST:,} bytes.")
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise RecordedError(f"{path.name} cannot be read: {error.strerror}.") from error
    if path.suffix.lower() == ".xml" or text.lstrip().startswith("<"):
        return _from_xml(path, text)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecordedError(f"{path.name} is not JSON: {shown(error, 120)}.") from error
    if not isinstance(data, dict):
        raise RecordedError(f"{path.name} holds no object with “answers” or “payload”.")
    return _from_json(path, data)


def _from_xml(path: Path, text: str) -> Recorded:
    parsed = parse(text)
    title = _title(path)
    return Recorded(path.name, text, _question(title, "", {}, parsed, ""), title, note=parsed.problem)


def _from_json(path: Path, data: dict[str, Any]) -> Recorded:
    answers = data.get("answers")
    if isinstance(answers, dict):
        document = [Answer(str(name).removeprefix("Answer."), _text(value)) for name, value in answers.items()]
    elif data.get("payload") is not None:
        document = [Answer("taskAnswers", _task_answers(data["payload"]))]
    else:
        raise RecordedError(f"{path.name} has neither “answers” nor “payload”.")
    answer_xml = build_answers(document)
    columns = data.get("assignment") if isinstance(data.get("assignment"), dict) else {}
    assignment = {str(key): _text(value).strip() for key, value in (columns or {}).items()}
    given = data.get("inputs") if isinstance(data.get("inputs"), dict) else {}
    inputs = {str(key): _text(value) for key, value in (given or {}).items()}
    title = one_line(assignment.get("Title") or _title(path), 120)
    description = one_line(assignment.get("Description") or data.get("note") or title, 1_000)
    element = data.get("element") if isinstance(data.get("element"), str) else ""
    parsed = parse(answer_xml)
    return Recorded(
        name=path.name,
        answer_xml=answer_xml,
        question_xml=_question(title, description, inputs, parsed, element or ""),
        title=title,
        description=description,
        keywords=one_line(assignment.get("Keywords", ""), 900),
        reward=_money(assignment.get("Reward", "")),
        worker_id=assignment.get("WorkerId", ""),
        inputs=inputs,
        assignment=assignment,
        note=parsed.problem or one_line(data.get("note") or "", 300),
    )


def _task_answers(payload: Any) -> str:
    """The text of `taskAnswers`: sorted and compact as the widgets write it; verbatim where it was kept verbatim."""
    if isinstance(payload, str):
        return payload
    if isinstance(payload, dict) and len(payload) == 1:
        (key, only), *_ = payload.items()
        if isinstance(only, str) and key.startswith("taskAnswers"):
            return only
    return json.dumps(payload if isinstance(payload, list) else [payload], sort_keys=True, separators=(",", ":"))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "|".join(value)  # a name posted several times
    return json.dumps(value, separators=(",", ":"))


def _title(path: Path) -> str:
    return re.sub(r"[_\-]+", " ", path.stem).strip()[:120] or "Recorded answer"


def _money(text: str) -> Decimal | None:
    try:
        amount = Decimal(text.replace("$", "").replace(",", "").strip())
    except InvalidOperation:
        return None
    return amount.quantize(Decimal("0.01")) if amount.is_finite() and 0 <= amount < 10_000 else None


def _question(title: str, description: str, inputs: dict[str, str], parsed: Parsed, element: str) -> str:
    """An HTMLQuestion that could have been answered so: the same widgets, names and pictures."""
    sources = Sources(None, inputs)
    controls = [_control(entry.name, entry.value, sources, element) for entry in normalise(parsed).entries[:400]]
    shown_inputs = [_input(name, value, sources) for name, value in list(inputs.items())[:60]]
    page = ""
    for parts in ([*shown_inputs, *controls], controls, controls[:20], []):
        page = "\n".join(
            [
                '<!DOCTYPE html><html><head><meta charset="utf-8">',
                '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script></head><body>',
                f"<crowd-form><h2>{escape(title)}</h2><p>{escape(description)}</p>",
                *parts,
                "</crowd-form></body></html>",
            ]
        )
        page = shown(page).replace("]]>", "]]&gt;")
        if len(page.encode()) <= _LONGEST_QUESTION:
            break
    return (
        '<HTMLQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/HTMLQuestion.xsd">'
        f"<HTMLContent><![CDATA[{page}]]></HTMLContent><FrameHeight>0</FrameHeight></HTMLQuestion>"
    )


def _input(name: str, value: str, sources: Sources) -> str:
    """An input as the task would show it: pictures as pictures, so that they are the requester's when read again."""
    named = f"<p><b>{escape(name)}</b> "
    if looks_like_url(value):
        address = escape(value.strip(), quote=True)
        picture = sources.is_picture(name, value)
        return named + (f'<img src="{address}" alt="">' if picture else f'<a href="{address}">{address}</a>') + "</p>"
    return f"{named}{escape(value[:2_000])}</p>"


def _control(name: str, value: Any, sources: Sources, element: str) -> str:
    named = escape(name, quote=True)
    if isinstance(value, dict):
        widget = next((_ELEMENTS[key] for key in _ELEMENTS if key in value), None)
        if widget is not None and not all(isinstance(item, bool) for item in value.values()):
            return _widget(widget, named, name, value, sources, element)
        if value and all(isinstance(item, bool) for item in value.values()):
            return _buttons(named, value)
    text = value if isinstance(value, str) else ""
    if is_technical(Entry(name, value, (name,), "field"), sources):
        echo = text if text in sources.inputs.values() else ""
        return f'<input type="hidden" name="{named}" value="{escape(echo[:1_000], quote=True)}">'
    ticked = text.split("|")
    if "checkbox" in element and 1 < len(ticked) <= 20 and all(0 < len(item) <= 60 for item in ticked):
        return _buttons(named, dict.fromkeys(ticked, True))
    if text == "on":
        return f'<p><label><input type="checkbox" name="{named}" value="on"> {named}</label></p>'
    if number(value) is not None:
        return f'<p><label>{named} <input type="number" step="any" name="{named}"></label></p>'
    if isinstance(value, (dict, list)) or looks_like_url(text):
        return f'<input type="hidden" name="{named}">'
    if len(text) > 100 or "\n" in text:
        return f'<p><label>{named}<br><textarea name="{named}"></textarea></label></p>'
    return f'<p><label>{named} <input type="text" name="{named}"></label></p>'


def _widget(widget: str, named: str, name: str, value: dict[str, Any], sources: Sources, element: str) -> str:
    classifier = "classifier" in widget
    if classifier and "image" in name + element:
        widget = widget.replace("crowd-classifier", "crowd-image-classifier")
    labels = json.dumps(_labels(value), ensure_ascii=False)
    attributes = (
        f'name="{named}" header="{named}" {"categories" if classifier else "labels"}="{escape(labels, quote=True)}"'
    )
    if widget == "crowd-entity-annotation":
        furthest = max((item.get("endOffset", 0) for item in value["entities"] if isinstance(item, dict)), default=0)
        text = sources.text(name, furthest if isinstance(furthest, int) else 0)[0]
        return f'<{widget} {attributes} text="{escape(text[:20_000], quote=True)}"></{widget}>'
    src = escape(sources.picture(name).url, quote=True)
    return f'<{widget} {attributes} src="{src}"></{widget}>'


def _labels(value: dict[str, Any]) -> list[str]:
    """The labels the answer used: all that the file says of those that were offered."""
    found: dict[str, None] = {}
    for key in (*WIDGETS, "instances", "entities"):
        for item in value[key][:500] if isinstance(value.get(key), list) else ():
            if isinstance(item, dict) and isinstance(item.get("label"), str):
                found[item["label"][:200]] = None
    if isinstance(value.get("labelMappings"), dict):
        found |= dict.fromkeys(list(value["labelMappings"])[:100])
    if isinstance(value.get("label"), str):
        found[value["label"][:200]] = None
    if isinstance(value.get("labels"), list):
        found |= dict.fromkeys(str(item)[:200] for item in value["labels"][:100])
    return sorted(found)[:60]


def _buttons(named: str, value: dict[str, bool]) -> str:
    if list(value) == ["on"]:
        return f'<p><crowd-toggle-button name="{named}">{named}</crowd-toggle-button></p>'
    if len(value) == 1:
        option = escape(next(iter(value)), quote=True)
        return f'<p><crowd-radio-button name="{named}" value="{option}">{option}</crowd-radio-button></p>'
    kind = "radio" if sum(value.values()) <= 1 else "checkbox"
    options = "".join(
        f'<label><input type="{kind}" name="{named}" value="{escape(option, quote=True)}"> {escape(option)}</label> '
        for option in list(value)[:100]
    )
    return f"<fieldset><legend>{named}</legend>{options}</fieldset>"
