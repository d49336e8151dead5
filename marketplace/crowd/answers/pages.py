"""A page with a plain form or a crowd-form: its controls found, filled in, and written as a browser would post them.

The page is a stranger's: its length, its depth (by the parser) and the number of its fields are bounded, nothing in it
is run and nothing is fetched.
"""

import json
from collections.abc import Iterator
from typing import Any

from lxml import etree

from .forms import Fields
from .hand import CannotAnswer, Hand
from .numbers import bounds
from .texts import TextRules
from .widgets import WIDGETS

Element = Any
MOST_CHARACTERS = 1_000_000
MOST_FIELDS = 5_000

_UNSENT = {"submit", "button", "reset", "image", "file", "password"}
# The posted names that belong to the marketplace, not to the answer (api, section "The Form Submission").
_RESERVED = {"assignmentId", "hitId", "workerId", "turkSubmitTo"}
_UNSEEN = {"template", "noscript", "script", "style"}
_TEXT_TAGS = {"textarea", "crowd-text-area"}
_KINDS = {
    "crowd-checkbox": "checkbox",
    "crowd-toggle-button": "checkbox",
    "crowd-radio-button": "radio",
    "crowd-slider": "range",
    "select": "select",
    "textarea": "text",
    "crowd-text-area": "text",
}
_CONTROLS = {"input", "crowd-input", *_KINDS}


def fill_page(html: str, hand: Hand) -> Fields:
    """What a browser posts once this page is filled in; CannotAnswer where there is no form to be read."""
    root = _parsed(html)
    crowd_form = next(root.iter("crowd-form"), None)
    # This one widget is a form by itself where no other is around it, is never flattened, and takes in what it holds.
    alone = next(root.iter("crowd-entity-annotation"), None) if crowd_form is None else None
    if crowd_form is None and alone is None:
        return _plain(_form_of(root), hand)
    tree = _tree(alone if crowd_form is None else crowd_form, hand)
    if tree and crowd_form is not None and crowd_form.get("answer-format", "").strip().lower() == "flatten-objects":
        flat: Fields = {}
        _flatten("", tree, flat)
        return flat
    return {"taskAnswers": _json([tree])} if tree else {}


def _parsed(html: str) -> Element:
    if len(html) > MOST_CHARACTERS:
        raise CannotAnswer(f"The page has more than {MOST_CHARACTERS} characters.")
    parser = etree.HTMLParser(no_network=True, encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(html.replace("\0", "\ufffd").encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError) as error:
        raise CannotAnswer(f"The page cannot be read as HTML: {str(error)[:200]}") from error
    if root is None:
        raise CannotAnswer("The page has no HTML in it.")
    if any("depth" in entry.message for entry in parser.error_log):
        # What lies deeper was not read, and a form with half of its fields is not what people hand in.
        raise CannotAnswer("The page is nested too deeply to be read.")
    return root


def _form_of(root: Element) -> Element:
    """The form that is handed in: the one that posts to externalSubmit, else the first, else the whole page."""
    forms = list(root.iter("form"))
    to_us = [form for form in forms if "externalsubmit" in form.get("action", "").lower()]
    named = [form for form in forms if "mturk_form" in (form.get("id"), form.get("name"))]
    return (to_us or named or forms or [root])[0]


def _visible(scope: Element) -> Iterator[Element]:
    walk = etree.iterwalk(scope, events=("start",))
    for _, element in walk:
        if element.tag in _UNSEEN:
            walk.skip_subtree()
        else:
            yield element


def _controls(scope: Element) -> list[tuple[str, Element]]:
    """(name, element) of every field and widget that can be filled in, in the order of the page."""
    found = []
    for element in _visible(scope):
        tag, name = element.tag, element.get("name")
        if not name or name in _RESERVED or name == "__proto__" or (tag not in _CONTROLS and tag not in WIDGETS):
            continue
        if _kind(element) in _UNSENT or _is_disabled(element):
            continue
        found.append((name, element))
        if len(found) > MOST_FIELDS:
            raise CannotAnswer(f"The page has more than {MOST_FIELDS} fields.")
    if all(_kind(element) == "hidden" for _, element in found):
        raise CannotAnswer("The page has no field to fill in. Scripts may make some, but the crowd runs none.")
    return found


def _kind(element: Element) -> str:
    return _KINDS.get(element.tag) or (element.get("type") or "text").strip().lower()


def _is_disabled(element: Element) -> bool:
    if element.get("disabled") is not None:
        return True
    return any(each.get("disabled") is not None for each in element.iterancestors("fieldset"))


def _by_name(controls: list[tuple[str, Element]]) -> dict[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for name, element in controls:
        found.setdefault(name, []).append(element)
    return found


# --- a plain form -----------------------------------------------------------------------------------------------------


def _plain(scope: Element, hand: Hand) -> Fields:
    """A radio's value, the values of ticked boxes, blank texts too; a name that comes again has a list."""
    fields: Fields = {}
    for name, elements in _by_name([each for each in _controls(scope) if each[1].tag not in WIDGETS]).items():
        hand.check_time()
        posted: list[str] = []
        radios = [_value(element) for element in elements if _kind(element) == "radio"]
        if radios:
            posted.append(hand.choice(name, list(dict.fromkeys(radios))))
        boxes = [element for element in elements if _kind(element) == "checkbox"]
        posted += _ticked(name, boxes, hand)
        for element in elements:
            if _kind(element) not in ("radio", "checkbox"):
                value = _single(name, element, hand)
                posted += value if isinstance(value, list) else [value]
        if posted:
            fields[name] = posted[0] if len(posted) == 1 else posted
    return fields


def _value(element: Element) -> str:
    return str(element.get("value", "on"))


def _ticked(name: str, boxes: list[Element], hand: Hand) -> list[str]:
    """The values of the boxes that get ticked, those that must be among them."""
    return [
        _value(box) for box in boxes if hand.ticked(name, _value(box)) or (box.tag == "input" and _is_required(box))
    ]


def _is_required(element: Element) -> bool:
    return element.get("required") is not None


def _single(name: str, element: Element, hand: Hand) -> str | list[str]:
    kind = _kind(element)
    if kind == "hidden" or (element.get("readonly") is not None and kind != "select"):
        return element.get("value") or (element.text or "" if element.tag in _TEXT_TAGS else "")
    if kind == "select":
        return _selected(name, element, hand)
    if kind in ("range", "number"):
        low, high, step = bounds(element)
        return hand.number(name, low, high, step)
    return hand.text(name, required=_is_required(element), rules=_rules(element, kind))


def _selected(name: str, element: Element, hand: Hand) -> str | list[str]:
    options = [
        str(option.get("value", " ".join("".join(option.itertext()).split())))
        for option in element.iter("option")
        if option.get("disabled") is None
        and all(each.get("disabled") is None for each in option.iterancestors("optgroup"))
    ]
    options = [option for option in dict.fromkeys(options) if option]
    if not options:
        return [] if element.get("multiple") is not None else ""
    if element.get("multiple") is not None:
        return hand.several(name, options, int(_is_required(element)), len(options))
    return hand.choice(name, options)


def _rules(element: Element, kind: str) -> TextRules:
    pattern = element.get("pattern") if element.tag != "textarea" else None
    return TextRules(
        kind=kind,
        least=_length(element, "minlength", "min-length") or 0,
        most=_length(element, "maxlength", "max-length"),
        patterns=((pattern, False, True),) if pattern else (),
        allowed=element.get("allowed-pattern", ""),
        is_long=element.tag in _TEXT_TAGS,
        low=element.get("min", "").strip(),
        high=element.get("max", "").strip(),
    )


def _length(element: Element, *names: str) -> int | None:
    for name in names:
        text = (element.get(name) or "").strip()
        if text.isascii() and text.isdigit() and len(text) <= 9:
            return int(text)
    return None


# --- a crowd-form -----------------------------------------------------------------------------------------------------


def _tree(scope: Element, hand: Hand) -> dict[str, Any]:
    """The object a crowd-form hands in: every name with its text, number, truths or widget result."""
    controls = _controls(scope)
    choices = _Choices(controls, hand)
    last = dict(controls)
    tree: dict[str, Any] = {}
    for name, element in controls:
        hand.check_time()
        kind, value = _kind(element), None
        if element.tag in WIDGETS:
            value = WIDGETS[element.tag](name, element, hand)
        elif kind == "radio":
            value = {_value(element): choices.is_chosen(name, element)}
        elif kind == "checkbox":
            must = _is_required(element)
            if element.tag == "crowd-checkbox":  # one of several is enough
                must = must and last[name] is element and not any(tree.get(name, {}).values())
            value = {_value(element): hand.ticked(name, _value(element)) or must}
        else:
            value = _field(element, _single(name, element, hand))
        if value is not None:
            _add(tree, name, value)
    return tree


def _field(element: Element, text: str | list[str]) -> Any:
    """What a text, a list or a slider's number becomes; None for a blank crowd-input, which is absent."""
    if element.tag == "crowd-slider":
        return float(str(text)) if "." in text else int(str(text))
    return text if text or not element.tag.startswith("crowd-") else None


class _Choices:
    """Which radio button is chosen: one of those of a name, or of a crowd-radio-group, whatever their names are."""

    def __init__(self, controls: list[tuple[str, Element]], hand: Hand) -> None:
        self.hand = hand
        self.group_of: dict[Element, Element] = {}
        self.buttons: dict[Any, list[tuple[str, Element]]] = {}
        self.chosen: dict[Any, Element] = {}
        for name, element in controls:
            if _kind(element) == "radio":
                group = name
                if element.tag == "crowd-radio-button":
                    group = next(element.iterancestors("crowd-radio-group"), name)
                self.group_of[element] = group
                self.buttons.setdefault(group, []).append((name, element))

    def is_chosen(self, name: str, element: Element) -> bool:
        group = self.group_of[element]
        if group not in self.chosen:
            self.chosen[group] = self._choose(group)
        return self.chosen[group] is element

    def _choose(self, group: Any) -> Element:
        buttons = self.buttons[group]
        if isinstance(group, str):
            values = {_value(element): element for _, element in reversed(buttons)}
            return values[self.hand.choice(group, list(dict.fromkeys(_value(element) for _, element in buttons)))]
        # What is right may be told for the group's own name, or for a button's.
        right = [element for name, element in buttons if _is_true(self.hand.hint(name), _value(element))]
        if right and self.hand.careful():
            return right[0]
        values = {_value(element): element for _, element in buttons}
        if len(values) < len(buttons):  # all of them say "on"
            values = dict(buttons)
        return values[self.hand.choice(group.get("name") or "|".join(values), list(values))]


def _is_true(hint: dict[str, Any], value: str) -> bool:
    truth = hint.get("truth")
    return truth is True or truth in (value, "true") or (isinstance(truth, dict) and truth.get(value) in (True, "true"))


def _add(tree: dict[str, Any], name: str, value: Any) -> None:
    """A name that comes again: choices go together, texts are joined as a plain form's are."""
    before = tree.get(name)
    if isinstance(before, dict) and isinstance(value, dict):
        for key, item in value.items():
            before[key] = (item or before.get(key) is True) if isinstance(item, bool) else item
    elif before is not None and not isinstance(before, dict) and not isinstance(value, dict):
        tree[name] = f"{before}|{value}"
    else:
        tree[name] = value


def _flatten(path: str, value: Any, into: Fields) -> None:
    """answer-format="flatten-objects": keys joined by dots, lists as compact JSON, truths in lower case."""
    if isinstance(value, dict):
        for key in sorted(value):
            _flatten(f"{path}.{key}" if path else key, value[key], into)
    elif path in _RESERVED:
        return
    elif isinstance(value, list):
        into[path] = _json(value)
    elif isinstance(value, bool):
        into[path] = "true" if value else "false"
    else:
        into[path] = str(value)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
