"""One value beside its label: text, number, choice, badge, link, file, or a small tree, chosen by the value's shape."""

import re
from dataclasses import replace
from typing import Any

from hits.answers.masks import inner_picture, png
from hits.answers.normalise import Entry, number, opened
from hits.answers.parse import Given
from hits.answers.parts import Option, Row
from hits.answers.sources import Sources, looks_like_url
from hits.answers.text import one_line, shown
from hits.answers.trees import tree
from hits.questions import Field, fill

_LONG, _LINES = 320, 6
_MOST_TEXT = 50_000
_MOST_OPTIONS = 12

# Names no person answers, and names that are so only where the value is a number.
_TECHNICAL = re.compile(
    r"(?i)(csrf\w*token|authenticity_token|(worker|assignment|hit|hittype|session)[-_]?id|turksubmitto|submit([-_]?button)?"
    r"|user[-_]?agent|browser[-_]?(info|version|name)|ip[-_]?addr(ess)?|referr?er|.*[-_]echo"
    r"|(screen|window|viewport)[-_]?(width|height|size|resolution)|.*clicks?[-_]?(log|count)|.*keystrokes?.*|ee)\Z"
)
_TIMING = re.compile(
    r"(?i).*(time([-_]?(stamp|spent|taken|start|end))?([-_]?(in)?[-_]?(ms|millis\w*|sec(ond)?s?))?|duration|elapsed|epoch"
    r"|latency)[-_]?\d*\Z"
)
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


def row(entry: Entry, sources: Sources) -> Row:
    """The row of one entry of the tree."""
    field = sources.question.fields.get(entry.name)
    label = one_line(sources.label(entry.name), 600)
    name = one_line(entry.name, 160)
    label = label or name or "no name"
    if entry.given is not None:
        return _form_row(entry.given, label, name, field)
    found = value_row(entry.value, label, name, field, sources)
    if found.text == "none ticked" and (entry.encoding == "radios" or (field is not None and field.control == "radio")):
        return replace(found, text="not answered")
    return found


def value_row(value: Any, label: str, name: str, field: Field | None, sources: Sources) -> Row:
    """The row of one value; `field` is the question's control of that name where it is known."""
    if isinstance(value, dict):
        return _dict_row(value, label, name, field, sources)
    if isinstance(value, list):
        return _list_row(value, label, name, field, sources)
    if isinstance(value, bool):
        return Row("truth", label, name, "yes" if value else "no", options=(Option("yes", value),))
    if value is None:
        return Row("blank", label, name, "nothing")
    if not isinstance(value, str):
        return _number_row(value, label, name, field)
    return _text_row(value, label, name, field, sources)


def is_technical(entry: Entry, sources: Sources) -> bool:
    """Whether a field was filled by a page and not by a person: telemetry, tokens, values copied from the task."""
    value = entry.value
    if entry.given is not None or isinstance(value, (dict, list, bool)):
        return False
    if _TECHNICAL.match(entry.name):
        return True
    field = sources.question.fields.get(entry.name)
    if field is not None and field.control in ("submit", "range", "number", "select", "radio", "checkbox"):
        return field.control == "submit"
    text = str(value if value is not None else "")
    if text and sources.inputs.get(entry.name) == text:
        return True
    if field is not None and field.control == "hidden" and text:
        put_there = {fill(value, sources.inputs) for value, _ in field.options}
        return text in put_there or text in sources.inputs.values() or _is_timing(entry, text)
    return _is_timing(entry, text)


def is_echo(entry: Entry, sources: Sources) -> bool:
    """Whether a field hands back the JSON that the task's input of its name holds."""
    text = sources.inputs.get(entry.name) if entry.value else None
    return text is not None and opened(text) == entry.value


def _is_timing(entry: Entry, text: str) -> bool:
    return bool(_TIMING.match(entry.name)) and (number(entry.value) is not None or bool(_STAMP.match(text)))


def _form_row(given: Given, label: str, name: str, field: Field | None) -> Row:
    if given.file is not None:
        size = "" if given.file.size is None else f"{given.file.size:,} bytes"
        return Row("file", label, name, shown(given.file.key, 300), note=size)
    chosen = list(given.selections)
    options, others = _options(chosen, field)
    if given.other:
        options += (Option(shown(given.other, 2_000), True, "other"),)
    if given.texts and any(given.texts):
        options += tuple(Option(shown(text, 2_000), True) for text in given.texts if text)
    if not options or not any(option.chosen for option in options):
        return Row("choice", label, name, "nothing selected", options=options, others=others)
    return Row("choice", label, name, options=options, others=others)


def _options(chosen: list[str], field: Field | None) -> tuple[tuple[Option, ...], int]:
    """What was chosen among what was offered; only what was chosen where too much was offered."""
    offered = field.options if field else ()
    known = {value for value, _ in offered}
    strangers = tuple(Option(shown(value, 300), True) for value in chosen[:200] if value not in known)
    if len(offered) > _MOST_OPTIONS:
        texts = tuple(
            Option(one_line(text or value, 300), True, one_line(value, 80))
            for value, text in offered
            if value in chosen
        )
        return texts + strangers, len(offered) - len(texts)
    return (
        tuple(Option(one_line(text or value, 300), value in chosen, one_line(value, 80)) for value, text in offered)
        + strangers,
        0,
    )


def _text_row(value: str, label: str, name: str, field: Field | None, sources: Sources) -> Row:
    stripped = value.strip()
    if not stripped:
        return Row(
            "blank", label, name, "nothing chosen" if field and field.control in ("radio", "select") else "blank"
        )
    control = field.control if field else ""
    if control in ("radio", "select") and field and field.options:
        options, others = _options([value], field)
        return Row("choice", label, name, options=options, others=others)
    if control in ("checkbox", "toggle") and field and len(field.options) <= 1:
        text = field.text_of(value)
        return Row(
            "truth", label, name, "ticked" if text in ("on", label) else shown(text, 300), options=(Option("", True),)
        )
    if stripped == "on" and not control:
        return Row("truth", label, name, "ticked", options=(Option("", True),))
    found = number(stripped)
    if found is not None and control not in ("text", "textarea") and len(stripped) < 40:
        return _number_row(stripped, label, name, field)
    if looks_like_url(stripped):
        return Row("link", label, name, links=(sources.link(stripped, name),))
    if stripped.startswith(("iVBORw0KGgo", "data:image/png;base64,iVBORw0KGgo")):
        data, width, height, problem = png(stripped)
        if data:
            return Row("image", label, name, f"{width} × {height}", data=data)
        return Row("text", label, name, one_line(stripped, 80), note=problem)
    if stripped.startswith("data:image/"):
        data = inner_picture(stripped)
        return Row("image" if data else "text", label, name, "" if data else one_line(stripped, 80), data=data)
    return _words(shown(value.strip("\r\n"), _MOST_TEXT), label, name, len(value))


def _words(text: str, label: str, name: str, length: int) -> Row:
    lines = text.split("\n", _LINES)
    if len(text) <= _LONG and len(lines) <= _LINES:
        return Row("text", label, name, text)
    head = "\n".join(lines[:_LINES])[:_LONG]
    if len(head) < len(text) and not text[len(head)].isspace() and " " in head[-40:]:
        head = head[: head.rindex(" ")]
    note = f"{len(text.split()):,} words"
    if length > _MOST_TEXT:
        note = f"the first {_MOST_TEXT:,} of {length:,} characters"
    return Row("long", label, name, head, rest=text[len(head) :], note=note)


def _number_row(value: Any, label: str, name: str, field: Field | None) -> Row:
    text = shown(value, 60)
    found = number(value)
    if found is None or field is None or field.control != "range" or field.minimum is None or field.maximum is None:
        return Row("number", label, name, text)
    low, high = field.minimum, field.maximum
    if not low <= found <= high or low == high:
        return Row("number", label, name, text, note=f"outside {low:g} to {high:g}")
    return Row(
        "number", label, name, text, minimum=f"{low:g}", maximum=f"{high:g}", data=f"{(found - low) / (high - low):.4f}"
    )


def _dict_row(value: dict[str, Any], label: str, name: str, field: Field | None, sources: Sources) -> Row:
    if not value:
        return Row("blank", label, name, "empty", note="{}")
    if all(isinstance(item, bool) for item in value.values()):
        return _truths_row(value, label, name, field)
    chosen, comment = _classified(value)
    if chosen is not None:
        offered = sources.labels(name)
        if 0 < len(offered) <= 30:
            options = tuple(Option(one_line(text, 200), text in chosen) for text in offered)
            options += tuple(Option(one_line(text, 200), True) for text in chosen if text not in offered)
        else:
            options = tuple(Option(one_line(text, 200), True) for text in chosen[:200])
        return Row("choice", label, name, "" if chosen else "no category", options=options, note=comment)
    return Row("tree", label, name, tree=tree(value, sources))


def _truths_row(value: dict[str, bool], label: str, name: str, field: Field | None) -> Row:
    if len(value) == 1:
        key, ticked = next(iter(value.items()))
        text = field.text_of(key) if field else key
        if key == "on":
            return Row(
                "truth",
                label,
                name,
                ("on" if text in ("on", label) else shown(text, 300)) if ticked else "off",
                options=(Option("", ticked),),
            )
        return Row(
            "choice",
            label,
            name,
            "" if ticked else "not chosen",
            options=(Option(one_line(text, 300), ticked, key[:80]),),
        )
    options = tuple(
        Option(one_line(field.text_of(key) if field else key, 300), ticked, one_line(key, 80))
        for key, ticked in list(value.items())[:200]
    )
    others = 0
    if len(options) > 30:
        others, options = (
            sum(not option.chosen for option in options),
            tuple(option for option in options if option.chosen),
        )
    count = sum(value.values())
    if not count and len(options) > 8:
        return Row("blank", label, name, f"none of {len(value)} ticked")
    return Row("choice", label, name, "" if count else "none ticked", options=options, others=others)


def _classified(value: dict[str, Any]) -> tuple[list[str] | None, str]:
    """The categories in what a classifier gives, and the worker's comment; None where it is something else."""
    if not set(value) <= {"label", "labels", "workerComment"}:
        return None, ""
    comment = value.get("workerComment", "")
    comment = shown(comment, 2_000) if isinstance(comment, str) else ""
    if isinstance(value.get("label"), str) and "labels" not in value:
        return [value["label"]], comment
    labels = value.get("labels")
    if isinstance(labels, list) and all(isinstance(item, str) for item in labels[:200]) and "label" not in value:
        return labels[:200], comment
    return None, ""


def _list_row(value: list[Any], label: str, name: str, field: Field | None, sources: Sources) -> Row:
    if not value:
        return Row("blank", label, name, "empty list", note="[]")
    if len(value) <= 60 and all(isinstance(item, str) for item in value):
        texts = [item for item in value if item.strip()]
        if not texts:
            return Row("blank", label, name, "blank")
        if all(looks_like_url(item) for item in texts):
            return Row("links", label, name, links=tuple(sources.link(item, name) for item in texts))
        if field is not None and field.options:
            options, others = _options(texts, field)
            return Row("choice", label, name, options=options, others=others)
        if all(len(item) <= 80 and "\n" not in item for item in texts):
            return Row("choice", label, name, options=tuple(Option(shown(item), True) for item in texts))
    if len(value) <= 60 and all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in value):
        return Row("text", label, name, ", ".join(shown(item, 40) for item in value))
    return Row("tree", label, name, tree=tree(value, sources))


def without_repeats(rows: list[Row]) -> list[Row]:
    """Rows that do not say again what one of the same name said: some forms send a summary beside every button."""
    said: set[tuple[object, ...]] = set()
    kept = []
    for this in rows:
        key = (this.name, this.text, this.options)
        if (this.options and key in said) or (this.kind == "blank" and (this.name,) in said):
            continue
        said |= {key, (this.name,)}
        kept.append(this)
    return kept


def blanks_last(rows: list[Row]) -> list[Row]:
    """Many blank fields in one line at the end: a form of fifty optional fields should not bury the one filled in."""
    blank = [row for row in rows if row.kind == "blank"]
    if len(blank) <= 5:
        return rows
    names = ", ".join(row.label for row in blank[:100])
    return [
        *(row for row in rows if row.kind != "blank"),
        Row("blanks", f"{len(blank)} left blank", "", one_line(names, 2_000)),
    ]
