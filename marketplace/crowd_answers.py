"""What a simulated worker fills in: a question and a skill in, the fields of a form out. Pure: lxml, no Django.

Tasks may carry a hint, which says what is right and which slips are likely, so that good workers can be right and
bad ones plausibly wrong. It is a comment anywhere in the question, invisible to people and ignored by browsers:

    <!-- crowd-hint: {"total": {"truth": "14.80", "slips": ["13.70"]}} -->

One entry per field or widget name: `truth` (text, number, true/false, or a list of boxes), `slips` (what the
careless write), `spread` (how far a number may be off), `texts` and `lazy` (what the attentive and the lazy write
into free text), `weights` (how popular each choice of a survey is), `width` and `height` (of the picture, in pixels).
Without a hint a field is filled with something its control allows.
"""

import json
import re
from random import Random
from typing import Any

from lxml import etree

from .documents import AnswerKind, DocumentError, FormQuestion, Kind, parse_question

Fields = dict[str, str | list[str]]
Hints = dict[str, dict[str, Any]]

_HINT = re.compile(r"<!--\s*crowd-hint:(.*?)-->", re.DOTALL)
_TEXTS = (
    "The instructions were clear and the examples helped a lot.",
    "I was not sure about one detail, but I chose what seemed most likely.",
    "Everything loaded quickly. I checked my answer twice.",
)
_LAZY = ("ok", "good", "nice", "yes", "no comment", "asdf")
_IGNORED_TYPES = {"submit", "button", "reset", "image", "file", "password"}
# The posted names that belong to the marketplace, not to the answer (api, section "The Form Submission").
_RESERVED = {"assignmentId", "hitId", "workerId", "turkSubmitTo"}
_CHOICE = {"radio", "checkbox"}


class CannotAnswer(Exception):
    """The crowd does not know how to do this task; the message says why."""


def answer(question: str, *, skill: float, rng: Random) -> Fields:
    """The fields a worker of that skill (0 careless, 1 perfect) hands in for a question document.

    Shape as in POST /control/submit: name to text, or to a list of texts. Raises CannotAnswer where the question is an
    ExternalQuestion, cannot be read, or has nothing to fill in.
    """
    try:
        parsed = parse_question(question)
    except DocumentError as error:
        raise CannotAnswer(f"The question cannot be read: {error}") from error
    hand = _Hand(skill, rng, _hints(question))
    try:
        if parsed.kind == Kind.QUESTION_FORM:
            fields = hand.form(parsed.questions)
        elif parsed.kind == Kind.HTML_QUESTION:
            fields = hand.page(parsed.html)
        else:
            raise CannotAnswer("The crowd cannot visit other servers to do an ExternalQuestion.")
    except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError) as error:
        # Hints and attributes are the requester's own text; whatever they hold must not end the crowd.
        raise CannotAnswer(f"The task's hint or controls make no sense: {error!r}") from error
    if not fields:
        raise CannotAnswer("The question has no field that the crowd can fill in.")
    return fields


def seconds_needed(fields: Fields, *, skill: float, rng: Random) -> float:
    """How long that answer would take a person, in seconds: longer for more to do, suspiciously short for the
    careless.
    """
    work = 6 + 2.5 * len(fields) + sum(len(str(value)) for value in fields.values()) / 25
    haste = 0.25 if skill < 0.5 else 0.7 + skill / 2
    return round(min(900.0, max(2.0, work * haste * rng.uniform(0.6, 1.7))), 3)


def _hints(question: str) -> Hints:
    found = _HINT.search(question)
    if found is None:
        return {}
    try:
        hints = json.loads(found[1])
    except (ValueError, RecursionError):
        return {}
    if not isinstance(hints, dict):
        return {}
    return {name: hint for name, hint in hints.items() if isinstance(hint, dict)}


class _Hand:
    """One worker doing one task: the three things every choice depends on."""

    def __init__(self, skill: float, rng: Random, hints: Hints) -> None:
        self.skill = skill
        self.rng = rng
        self.hints = hints

    def careful(self) -> bool:
        return self.rng.random() < self.skill

    # One value of each sort

    def choice(self, name: str, options: list[str]) -> str:
        hint = self.hints.get(name, {})
        if "weights" in hint and self.careful():
            weights = [max(0.0, float(hint["weights"].get(option, 0))) for option in options]
            if any(weights):
                return self.rng.choices(options, weights)[0]
        truth = str(hint.get("truth", ""))
        if truth in options and self.careful():
            return truth
        slips = [slip for slip in hint.get("slips", ()) if slip in options and slip != truth]
        if slips and self.rng.random() < 0.4 + self.skill / 2:
            return self.rng.choice(slips)
        # The careless take what stands first more often than not.
        return options[0] if self.rng.random() < 0.5 - self.skill / 2 else self.rng.choice(options)

    def several(self, name: str, options: list[str], least: int, most: int) -> list[str]:
        hint = self.hints.get(name, {})
        if isinstance(hint.get("truth"), list) and self.careful():
            chosen = [option for option in options if option in hint["truth"]]
        else:
            weights = hint.get("weights", {})
            chosen = [option for option in options if self.rng.random() < float(weights.get(option, 0.3))]
            if not self.careful():
                chosen = chosen[:1]
        missing = [option for option in options if option not in chosen]
        while len(chosen) < least and missing:
            chosen.append(missing.pop(self.rng.randrange(len(missing))))
        return [option for option in options if option in chosen][: max(most, least)]

    def text(self, name: str, *, required: bool) -> str:
        hint = self.hints.get(name, {})
        if "truth" in hint:
            truth, slips = str(hint["truth"]), [str(slip) for slip in hint.get("slips", ())]
            if self.careful():
                return truth
            return self.rng.choice(slips) if slips else truth.lower()[: max(1, len(truth) - 2)]
        texts, lazy = hint.get("texts", _TEXTS), hint.get("lazy", _LAZY)
        if not required and self.rng.random() < 0.45:
            return ""
        return str(self.rng.choice(texts if self.careful() else lazy))

    def number(self, name: str, low: float, high: float, step: float = 1) -> str:
        hint = self.hints.get(name, {})
        slips = hint.get("slips", ())
        if "truth" not in hint:
            value = self.rng.triangular(low, high)
        elif slips:
            value = float(hint["truth"]) if self.careful() else float(self.rng.choice(slips))
            return f"{value:.2f}" if "." in str(hint["truth"]) else f"{value:.0f}"
        elif self.careful():
            value = self.rng.gauss(float(hint["truth"]), float(hint.get("spread", 0)))
        else:
            value = self.rng.choice([low, high, (low + high) / 2, self.rng.uniform(low, high)])
        value = min(high, max(low, low + round((value - low) / step) * step))
        return f"{value:.6f}".rstrip("0").rstrip(".")

    def ticked(self, name: str, value: str) -> bool:
        truth = self.hints.get(name, {}).get("truth")
        if isinstance(truth, list):
            truth = value in truth
        if isinstance(truth, bool):
            return truth if self.careful() else self.rng.random() < 0.3
        return self.rng.random() < 0.2

    def boxes(self, name: str) -> dict[str, Any]:
        """Boxes as crowd-bounding-box hands them in: integer pixels inside the picture."""
        hint = self.hints.get(name, {})
        width, height = int(hint.get("width", 640)), int(hint.get("height", 480))
        truth, sloppy, drawn = hint.get("truth", []), 1 - self.skill, []
        labels = list(dict.fromkeys(box["label"] for box in truth)) or ["Object"]
        for box in truth:
            if self.rng.random() < sloppy * 0.45:
                continue  # overlooked
            shift = 0.02 + sloppy * 0.22
            dx, dy = (self.rng.gauss(0, shift) * box[side] for side in ("width", "height"))
            grow = 1 + abs(self.rng.gauss(0, shift)) * self.rng.choice([1, 1, -0.6])
            label = box["label"] if self.rng.random() > sloppy * 0.3 else self.rng.choice(labels)
            drawn.append((label, box["left"] + dx, box["top"] + dy, box["width"] * grow, box["height"] * grow))
        if self.rng.random() < sloppy * 0.35:  # a click that was meant for something else
            drawn.append((labels[0], self.rng.uniform(0, width), self.rng.uniform(0, height), 3, 2))
        if self.rng.random() < sloppy * 0.3:  # something that is not there
            drawn.append((labels[-1], self.rng.uniform(0, width), self.rng.uniform(0, height), 70, 46))
        if self.skill < 0.35 and self.rng.random() < 0.3:  # one box over everything
            drawn = [(labels[0], 2, 2, width - 5, height - 4)]
        return {
            "boundingBoxes": [_inside(box, width, height) for box in drawn],
            "inputImageProperties": {"height": height, "width": width},
        }

    # A whole QuestionForm

    def form(self, questions: list[FormQuestion]) -> Fields:
        fields: Fields = {}
        for question in questions:
            name = question.identifier
            if question.answer_kind == AnswerKind.SELECTION:
                options = [selection.identifier for selection in question.selections]
                if not options:
                    continue
                if question.max_selections > 1:
                    chosen = self.several(name, options, question.min_selections, question.max_selections)
                    if chosen:
                        fields[name] = chosen
                else:
                    fields[name] = self.choice(name, options)
            elif question.answer_kind == AnswerKind.FREE_TEXT:
                hint = self.hints.get(name, {})
                if "spread" in hint:
                    fields[name] = self.number(name, float(hint.get("least", 0)), float(hint.get("most", 1000)))
                else:
                    fields[name] = self.text(name, required=question.is_required)
        return fields

    # A page with a plain form or a crowd-form

    def page(self, html: str) -> Fields:
        parser = etree.HTMLParser(no_network=True, encoding="utf-8")
        root = etree.fromstring(html.encode("utf-8", "replace"), parser)
        crowd_form = next(root.iter("crowd-form"), None)
        scope = crowd_form if crowd_form is not None else root
        if crowd_form is None:
            return self.plain(scope)
        tree = self.crowd(scope)
        if not tree:
            return {}
        if crowd_form.get("answer-format") == "flatten-objects":
            flat: Fields = {}
            for name, value in tree.items():
                _flatten(name, value, flat)
            return flat
        return {"taskAnswers": json.dumps([tree], sort_keys=True, separators=(",", ":"), ensure_ascii=False)}

    def plain(self, scope: etree._Element) -> Fields:
        """What a browser would post: a radio's value, the values of ticked boxes, blank texts too."""
        fields: Fields = {}
        for name, elements in _controls(scope).items():
            kind = _kind(elements[0])
            if kind == "radio":
                fields[name] = self.choice(name, [element.get("value", "on") for element in elements])
            elif kind == "checkbox":
                ticked = [value for e in elements if self.ticked(name, value := e.get("value", "on"))]
                if ticked:
                    fields[name] = ticked if len(elements) > 1 else ticked[0]
            else:
                fields[name] = self.single(name, elements[0])
        return fields

    def crowd(self, scope: etree._Element) -> dict[str, Any]:
        """The object a crowd-form hands in: every name with its text, number, truths or widget result."""
        tree: dict[str, Any] = {}
        for widget in scope.iter("crowd-bounding-box"):
            tree[widget.get("name", "annotatedResult")] = self.boxes(widget.get("name", "annotatedResult"))
        for tag in ("crowd-classifier", "crowd-image-classifier"):
            for widget in scope.iter(tag):
                name, categories = widget.get("name", "category"), _strings(widget.get("categories", ""))
                if categories:
                    tree[name] = {"label": self.choice(name, categories)}
        for name, elements in _controls(scope).items():
            kind, values = _kind(elements[0]), [element.get("value", "on") for element in elements]
            if kind == "radio":
                chosen = self.choice(name, values)
                tree[name] = {value: value == chosen for value in values}
            elif kind == "checkbox":
                tree[name] = {value: self.ticked(name, value) for value in values}
            elif elements[0].tag == "crowd-slider":
                tree[name] = float(text) if "." in (text := self.single(name, elements[0])) else int(text)
            else:
                text = self.single(name, elements[0])
                if text or not str(elements[0].tag).startswith("crowd-"):  # a blank crowd-input is absent
                    tree[name] = text
        return tree

    def single(self, name: str, element: etree._Element) -> str:
        kind = _kind(element)
        if kind == "hidden":
            return element.get("value", "")
        if kind == "select":
            options = [option.get("value", (option.text or "").strip()) for option in element.iter("option")]
            options = [option for option in options if option]
            return self.choice(name, options) if options else ""
        if kind in ("range", "number"):
            low, high = _float(element.get("min"), 0), _float(element.get("max"), 100)
            return self.number(name, low, max(low, high), _float(element.get("step"), 1) or 1)
        return self.text(name, required=element.get("required") is not None)


def _inside(box: tuple[str, float, float, float, float], width: int, height: int) -> dict[str, Any]:
    label, left, top, wide, tall = box
    x0, y0 = min(max(0, round(left)), width - 1), min(max(0, round(top)), height - 1)
    x1, y1 = min(width, round(left + wide)), min(height, round(top + tall))
    return {"height": max(1, y1 - y0), "label": label, "left": x0, "top": y0, "width": max(1, x1 - x0)}


def _controls(scope: etree._Element) -> dict[str, list[etree._Element]]:
    """The form's controls in document order, those of one name together."""
    found: dict[str, list[etree._Element]] = {}
    tags = ("input", "select", "textarea", "crowd-input", "crowd-text-area", "crowd-checkbox", "crowd-slider")
    for element in scope.iter(*tags, "crowd-radio-button", "crowd-toggle-button"):
        name = element.get("name")
        if name and name not in _RESERVED and _kind(element) not in _IGNORED_TYPES:
            found.setdefault(name, []).append(element)
    return found


def _kind(element: etree._Element) -> str:
    special = {"crowd-checkbox": "checkbox", "crowd-toggle-button": "checkbox", "crowd-radio-button": "radio"}
    special |= {"crowd-slider": "range", "select": "select", "textarea": "text", "crowd-text-area": "text"}
    return special.get(str(element.tag)) or element.get("type", "text").lower()


def _strings(listing: str) -> list[str]:
    """The texts in a `categories` attribute, which is JavaScript rather than JSON: quotes of either kind."""
    return [double or single for double, single in re.findall(r"\"([^\"]+)\"|'([^']+)'", listing)]


def _float(text: str | None, default: float) -> float:
    try:
        return float(text or default)
    except ValueError:
        return default


def _flatten(path: str, value: Any, into: Fields) -> None:
    """crowd-form's answer-format="flatten-objects": keys joined by dots, lists as compact JSON, truths in lower
    case.
    """
    if isinstance(value, dict):
        for key in sorted(value):
            _flatten(f"{path}.{key}", value[key], into)
    elif isinstance(value, list):
        into[path] = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    elif isinstance(value, bool):
        into[path] = "true" if value else "false"
    else:
        into[path] = str(value)
