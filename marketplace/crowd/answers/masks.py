"""Painted pictures: a palette PNG as both segmentations hand it in, written without an imaging library."""

import base64
import math
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from .hand import Hand
from .shapes import Size, places

# The colours in the order in which Mechanical Turk gave them out.
COLOURS = ("#2ca02c", "#1f77b4", "#ff7f0e", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f")
MOST_SIDE = 3_000  # pixels of a side: every row is reckoned
Ellipse = tuple[float, float, float, float, int]  # centre, radii, entry of the palette


def painted(name: str, labels: list[str], size: Size, hand: Hand, *, is_semantic: bool) -> dict[str, Any]:
    """One to three blots, where all agree that there is something; the careless miss the edge, or the thing."""
    if max(size) > MOST_SIDE:
        raise ValueError(f"a picture of {size[0]} x {size[1]} pixels, which is more than the crowd paints")
    rng, sloppy = hand.rng, 1 - hand.skill
    things: list[tuple[str, Ellipse]] = []
    entries: list[str] = []  # the label of each colour
    for label, (x, y), radius in places(labels, size, hand.agreed(name)):
        if rng.random() < sloppy * 0.4:
            continue
        label = label if rng.random() > sloppy * 0.3 else rng.choice(labels or [label])
        if not is_semantic or label not in entries:
            entries.append(label)
        entry = entries.index(label) + 1 if is_semantic else len(entries)
        off = 0.02 + sloppy * 0.2
        rx, ry = (max(1.0, radius * (part + rng.gauss(0, off))) for part in (1.0, 0.75))
        things.append((label, (x + rng.gauss(0, off) * radius, y + rng.gauss(0, off) * radius, rx, ry, entry)))
    ellipses = [ellipse for _, ellipse in things]
    seen = sorted({entry for spans in _rows(ellipses, size) for _, _, entry in _visible(spans)})
    # What lies wholly under something else, or outside, is not handed in.
    ellipses = [(*ellipse[:4], seen.index(ellipse[4]) + 1) for ellipse in ellipses if ellipse[4] in seen]
    used = [(entries[entry - 1], COLOURS[number % len(COLOURS)]) for number, entry in enumerate(seen)]
    answer: dict[str, Any] = {
        "inputImageProperties": {"height": size[1], "width": size[0]},
        "labeledImage": {"pngImageData": _png(ellipses, [colour for _, colour in used], size)},
    }
    if is_semantic:
        answer["labelMappings"] = {label: {"color": colour} for label, colour in used}
    else:
        answer["instances"] = [{"color": colour, "label": label} for label, colour in used]
    return answer


Spans = tuple[tuple[int, int, int], ...]  # (from, to, entry) of a row, later ones over earlier ones


def _rows(ellipses: list[Ellipse], size: Size) -> Iterator[Spans]:
    width, height = size
    for row in range(height):
        spans = []
        for x, y, rx, ry, entry in ellipses:
            within = 1 - ((row - y) / ry) ** 2
            if within > 0:
                half = rx * math.sqrt(within)
                start, end = max(0, round(x - half)), min(width, round(x + half))
                if start < end:
                    spans.append((start, end, entry))
        yield tuple(spans)


def _visible(spans: Spans) -> list[tuple[int, int, int]]:
    """Those of which some pixel is not painted over."""
    return [
        span
        for at, span in enumerate(spans)
        if not any(later[0] <= span[0] and span[1] <= later[1] for later in spans[at + 1 :])
    ]


def _png(ellipses: list[Ellipse], colours: list[str], size: Size) -> str:
    """base64, without `data:`: a palette of as few bits as do, whose first entry is transparent."""
    width, height = size
    depth = next(bits for bits in (1, 2, 4, 8) if len(colours) < 2**bits)
    padded = -(-width * depth // 8) * 8 // depth
    known: dict[Spans, bytes] = {}

    def packed(spans: Spans) -> bytes:
        if spans not in known:
            digits = bytearray(b"0" * padded)
            for start, end, entry in spans:
                digits[start:end] = f"{entry:x}".encode() * (end - start)
            # Each pixel is one digit in the base of the palette's size.
            known[spans] = b"\0" + int(digits, 2**depth).to_bytes(padded * depth // 8, "big")
        return known[spans]

    data = b"".join(packed(spans) for spans in _rows(ellipses, size))
    palette = bytes(3) + b"".join(bytes.fromhex(colour[1:]) for colour in colours)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 3, 0, 0, 0)),
        (b"PLTE", palette),
        (b"tRNS", b"\0" + b"\xff" * len(colours)),
        (b"IDAT", zlib.compress(data)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode()
