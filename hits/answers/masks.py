"""Segmentation masks: a palette PNG in base64 that a worker's browser made. Checked, never decoded here."""

import base64
import binascii
import re
from typing import Any

from hits.answers.canvas import heading, thumb
from hits.answers.corners import folded
from hits.answers.normalise import number
from hits.answers.outlines import label_of
from hits.answers.parts import Legend, Mask
from hits.answers.sources import Sources
from hits.answers.text import one_line

_LONGEST = 4_000_000
_MOST_PIXELS = 64_000_000  # a small file may claim a picture that takes the browser's whole memory
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


#: What a PNG in base64 begins with, and the names of fields whose picture lies over the task's.
PAINTED = ("iVBORw0KGgo", "data:image/png;base64,iVBORw0KGgo")
PAINTED_NAME = re.compile(r"(?i)mask|segment|paint|brush|scribble|annot|overlay|drawing|canvas|label")


def painted(value: Any, path: str, sources: Sources, near: str = "") -> tuple[Mask, set[str]] | None:
    """A picture that somebody's own tool keeps as text, {"mask": "data:image/png;base64,…", "label": "dog"}."""
    if not isinstance(value, dict):
        return None
    found = [key for key, item in list(value.items())[:60] if isinstance(item, str) and item.startswith(PAINTED)]
    if not found:
        return None
    data, width, height, problem = png(value[found[0]])
    label = label_of(folded({key: item for key, item in value.items() if key not in found}))
    across, down = thumb(width, height)
    part = Mask(
        heading=heading(path, sources),
        width=width,
        height=height,
        picture=sources.picture(path, near),
        data=data,
        legend=(Legend(one_line(label or found[0], 80), 1),),
        problem=problem,
        guess="a picture in the answer laid over the task's",
        thumb_width=across,
        thumb_height=down,
    )
    return part, {
        found[0],
        *(key for key in value if key not in found and label_of(folded({key: value[key]})) == label),
    }


def mask(value: Any, path: str, sources: Sources, near: str = "") -> tuple[Mask, set[str]] | None:
    """A mask as the two segmentation widgets give it, with the keys it used."""
    if not isinstance(value, dict) or not isinstance(value.get("labeledImage"), dict):
        return None
    encoded = value["labeledImage"].get("pngImageData")
    if not isinstance(encoded, str):
        return None
    data, width, height, problem = png(encoded)
    size = value.get("inputImageProperties")
    if isinstance(size, dict) and not problem:
        recorded = number(size.get("width")), number(size.get("height"))
        if None not in recorded and recorded != (width, height):
            problem = f"The mask is {width} × {height}, the picture {recorded[0]:g} × {recorded[1]:g} pixels."
    legend = legend_of(value)
    across, down = thumb(width, height)
    part = Mask(
        heading=heading(path, sources),
        width=width,
        height=height,
        picture=sources.picture(path, near),
        data=data,
        legend=legend,
        instances=isinstance(value.get("instances"), list),
        empty=not legend,
        problem=problem,
        changed=changed if isinstance(changed := value.get("initialValueModified"), bool) else None,
        thumb_width=across,
        thumb_height=down,
    )
    return part, {"labeledImage", "instances", "labelMappings", "inputImageProperties", "initialValueModified"}


def png(encoded: str) -> tuple[str, int, int, str]:
    """(data: address, width, height, problem) of a PNG in base64; without an address where it is none."""
    encoded = encoded.removeprefix("data:image/png;base64,")
    if len(encoded) > _LONGEST:
        return "", 640, 480, "The picture in the answer is too large to show."
    try:
        start = base64.b64decode(encoded[:64], validate=True)
        base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return "", 640, 480, "The picture in the answer is not base64."
    if not start.startswith(_SIGNATURE) or start[12:16] != b"IHDR":
        return "", 640, 480, "The picture in the answer is not a PNG."
    width, height = int.from_bytes(start[16:20], "big"), int.from_bytes(start[20:24], "big")
    if not width or not height or width * height > _MOST_PIXELS:
        return "", 640, 480, f"The picture in the answer says it is {width} × {height} pixels; it is not shown."
    return f"data:image/png;base64,{encoded}", width, height, ""


_OTHERS = {"jpeg": b"\xff\xd8\xff", "jpg": b"\xff\xd8\xff", "gif": b"GIF8", "webp": b"RIFF"}


def inner_picture(address: str) -> str:
    """A data: address of a JPEG, GIF or WebP as an address that a page may show; "" where it is none of these."""
    head, _, encoded = address.partition(",")
    kind = head.removeprefix("data:image/").removesuffix(";base64")
    if kind not in _OTHERS or not head.endswith(";base64") or len(encoded) > _LONGEST:
        return ""
    try:
        start = base64.b64decode(encoded[:64], validate=True)
        base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return f"data:image/{kind.replace('jpg', 'jpeg')};base64,{encoded}" if start.startswith(_OTHERS[kind]) else ""


def legend_of(value: dict[str, Any]) -> tuple[Legend, ...]:
    """The labels of `instances` or `labelMappings` with their colours."""
    found: list[tuple[str, str]] = []
    instances = value.get("instances")
    if isinstance(instances, list):
        for item in instances[:200]:
            if isinstance(item, dict):
                found.append((str(item.get("label", "")), str(item.get("color", ""))))
    mappings = value.get("labelMappings")
    if isinstance(mappings, dict):
        for label, item in list(mappings.items())[:200]:
            found.append((label, str(item.get("color", "")) if isinstance(item, dict) else ""))
    totals: dict[str, int] = {}
    for label, _ in found:
        totals[label] = totals.get(label, 0) + 1
    seen: dict[str, int] = {}
    legend = []
    for place, (label, colour) in enumerate(found):
        seen[label] = seen.get(label, 0) + 1
        # Instances of one label are told apart by their colour and a number.
        text = f"{label} {seen[label]}" if totals[label] > 1 else label
        fill = colour.lower() if _COLOUR.match(colour) else ""
        legend.append(Legend(one_line(text, 80) or "no label", 1, place, place % 12, fill))
    return tuple(legend)
