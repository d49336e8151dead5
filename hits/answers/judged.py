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

_KINDS = ("boundingBox", "semanticSegmentation", "instanceSegmentation")


def overlay(widget: Widget | None, name: str, sources: Sources) -> Shapes | Mask | None:
    """What was judged in the answer called `name`, None where the task shows nothing on its picture. Where nobody has
    the task's page any more, an input that could only be an overlay is it."""
    if widget is not None:
        return _drawn(loose(filled(widget, sources.inputs).overlay), name, sources) if widget.overlay else None
    for value in sources.inputs.values():
        if value.lstrip()[:1] == "{" and any(kind in value[:100] for kind in _KINDS):
            found = _drawn(loose(value), name, sources)
            if found is not None:
                return found
    return None


def _drawn(said: Any, name: str, sources: Sources) -> Shapes | Mask | None:
    for kind in _KINDS if isinstance(said, dict) else ():
        shown = said.get(kind)
        if isinstance(shown, dict):
            return _boxes(shown.get("value"), name, sources) if "value" in shown else _painted(shown, name, sources)
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
