"""What the annotation widgets hand in: categories, spans of text, shapes on a picture, painted pictures.

Shapes as documented for Crowd HTML Elements: integers in pixels of the picture, never outside it; only labels that
occur; spans in order, none over another, their ends exclusive and counted as JavaScript counts.
"""

import re
from collections.abc import Callable
from typing import Any

from ...documents.attributes import loose
from .hand import Hand
from .labels import labels, name_of
from .masks import painted
from .numbers import pixels
from .shapes import SHAPES, Size, boxes, drawn

Element = Any
MOST_SPANS = 500
LONGEST = 300_000  # characters of a text that is annotated
_WORD = re.compile(r"\w[\w’'-]*")


def _category(name: str, element: Element, hand: Hand) -> Any:
    categories = labels(element.get("categories"))
    return {"label": hand.choice(name, categories)} | _comment(element, hand) if categories else None


def _categories(name: str, element: Element, hand: Hand) -> Any:
    categories = labels(element.get("categories"))
    if not categories:
        return None
    # "None of the above" is handed in as no label at all, so nothing need be chosen.
    return {"labels": hand.several(name, categories, 0, len(categories))} | _comment(element, hand)


def _comment(element: Element, hand: Hand) -> dict[str, str]:
    if element.find("worker-comment") is None or hand.rng.random() > 0.15:
        return {}
    return {"workerComment": hand.text("workerComment", required=True)}


# --- on a picture -----------------------------------------------------------------------------------------------------


def size_of(name: str, hand: Hand) -> Size:
    """(width, height) of the picture, which nobody looks at: as the hint says, else 640 x 480."""
    hint = hand.hint(name)
    truth = hint.get("truth")
    given = truth.get("inputImageProperties", {}) if isinstance(truth, dict) else {}
    return (
        pixels(hint.get("width", given.get("width", 640))),
        pixels(hint.get("height", given.get("height", 480))),
    )


def _shapes(key: str) -> Callable[[str, Element, Hand], Any]:
    draw = boxes if key == "boundingBoxes" else drawn

    def handed_in(name: str, element: Element, hand: Hand) -> Any:
        width, height = size_of(name, hand)
        hint = hand.hint(name)
        truth = hint.get("truth", {}) if isinstance(hint.get("truth"), dict) else hint
        right = (truth.get(key, []) if truth is not hint else hint["truth"]) if "truth" in hint else None
        if right is not None and not isinstance(right, list):
            raise ValueError(f"what is right for {name[:60]} is no list of shapes")
        return {
            key: draw(SHAPES[key], name, labels(element.get("labels")), right, (width, height), hand),
            "inputImageProperties": {"height": height, "width": width},
        }

    return handed_in


def _mask(is_semantic: bool) -> Callable[[str, Element, Hand], Any]:
    def handed_in(name: str, element: Element, hand: Hand) -> Any:
        truth = hand.hint(name).get("truth")
        if isinstance(truth, dict) and "labeledImage" in truth and hand.careful():
            return truth
        answer = painted(name, labels(element.get("labels")), size_of(name, hand), hand, is_semantic=is_semantic)
        if is_semantic and element.get("initial-value"):
            answer["initialValueModified"] = hand.skill > 0.5
        return answer

    return handed_in


# --- in a text --------------------------------------------------------------------------------------------------------


def _entities(name: str, element: Element, hand: Hand) -> Any:
    text = (element.get("text") or "")[:LONGEST]
    given = loose(element.get("labels") or "")
    offered = [name_of(item) for item in given] if isinstance(given, list) else labels(element.get("labels"))
    offered = [label for label in dict.fromkeys(offered) if label][:250]
    words = [found.span() for found in _WORD.finditer(text)]
    if not offered or not words:
        return {"entities": []}
    hint, agreed = hand.hint(name), hand.agreed(name)
    if "truth" in hint:
        right = hint["truth"].get("entities", []) if isinstance(hint["truth"], dict) else hint["truth"]
        spans = [(int(item["startOffset"]), int(item["endOffset"]), str(item["label"])) for item in right[:MOST_SPANS]]
    else:
        chosen = agreed.sample(words, min(len(words), agreed.randint(1, max(1, min(6, len(words) // 6)))))
        spans = [(_units(text, start), _units(text, end), agreed.choice(offered)) for start, end in chosen]
    length, found, last = _units(text, len(text)), [], 0
    for start, end, label in sorted(spans if hand.honest else spans[:1]):
        if hand.rng.random() > hand.skill + 0.1:
            continue  # overlooked
        if not hand.careful():  # a letter too many, or one too few
            start, end = start + hand.rng.choice([-1, 0, 1]), end + hand.rng.choice([-1, 0, 1])
        if not hand.careful() and hand.rng.random() < 0.6:
            label = hand.rng.choice(offered)
        start, end = max(last, start), min(length, end)
        if start < end:
            found.append({"endOffset": end, "label": label, "startOffset": start})
            last = end
    return {"entities": found}


def _units(text: str, at: int) -> int:
    """A place in the text, in UTF-16 units."""
    return at if text.isascii() else len(text[:at].encode("utf-16-le", "surrogatepass")) // 2


WIDGETS: dict[str, Callable[[str, Element, Hand], Any]] = {
    "crowd-classifier": _category,
    "crowd-image-classifier": _category,
    "crowd-classifier-multi-select": _categories,
    "crowd-image-classifier-multi-select": _categories,
    "crowd-entity-annotation": _entities,
    "crowd-bounding-box": _shapes("boundingBoxes"),
    "crowd-polygon": _shapes("polygons"),
    "crowd-polyline": _shapes("polylines"),
    "crowd-line": _shapes("lines"),
    "crowd-keypoint": _shapes("keypoints"),
    "crowd-semantic-segmentation": _mask(True),
    "crowd-instance-segmentation": _mask(False),
}
