"""What a task shows on the picture it asks about: the boxes or the mask of crowd-image-classifier's `overlay`."""

from dataclasses import replace
from typing import Any

from hits.answers.canvas import draw, heading
from hits.answers.marks import marks_in
from hits.answers.masks import legend_of
from hits.answers.parts import Mask, Shapes
from hits.answers.sources import Sources, link
from hits.questions import Widget, filled
from marketplace.documents.attributes import loose


def overlay(widget: Widget, sources: Sources) -> Shapes | Mask | None:
    """What was judged, None where the task shows nothing on its picture."""
    said = loose(filled(widget, sources.inputs).overlay) if widget.overlay else None
    if not isinstance(said, dict):
        return None
    boxes = said.get("boundingBox")
    if isinstance(boxes, dict):
        return _boxes(boxes.get("value"), widget.name, sources)
    for kind in ("semanticSegmentation", "instanceSegmentation"):
        painted = said.get(kind)
        if isinstance(painted, dict):
            return _painted(painted, widget.name, sources)
    return None


def _boxes(value: Any, name: str, sources: Sources) -> Shapes | None:
    items = value if isinstance(value, list) else [value]
    found = marks_in(items[:500], "box")
    return replace(draw(found, name, sources, total=len(items)), judged=True) if found else None


def _painted(value: dict[str, Any], name: str, sources: Sources) -> Mask | None:
    src = value.get("src")
    address = link(src, "question").href if isinstance(src, str) else ""
    if not address:
        return None
    return Mask(
        heading=heading(name, sources),
        width=640,
        height=480,
        picture=sources.picture(name),
        data=address,
        legend=legend_of(value),
        sized=False,
        judged=True,
    )
