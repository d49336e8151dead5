"""PNGs without an imaging library, within bounds: their rows, the pixels of a mask as numbers, masks written anew."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, product

Colour = tuple[int, ...]

#: Privacy browsers shift the colours of a canvas by so much, and what is as near to black is nothing (see answers.js).
TOLERANCE, NEARLY_BLACK = 2, 4
MOST_PIXELS, MOST_BYTES = 16_000_000, 20_000_000
MOST_COLOURS = 254
_MOST_SLOW = 4_000_000  # bytes whose filter has to be undone one after the other
_MOST_CELLS = 50_000  # colours, with their opacities, of a picture that is no palette
_UNKNOWN = 255
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class NotReadable(ValueError):
    """The bytes are no PNG that is read here; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A PNG: `rows` are the bytes of its lines without their filters, one after the other."""

    width: int
    height: int
    depth: int
    kind: int  # of its colours: 0 grey, 2 colours, 3 palette, 4 grey and opacity, 6 colours and opacity
    channels: int
    palette: bytes
    opacity: bytes
    rows: Iterator[bytes]


def scan(data: bytes, most: int) -> Scan:
    """Read a PNG that holds at most `most` bytes of pixels: no more than those are ever unpacked. NotReadable."""
    if data[:8] != _SIGNATURE:
        raise NotReadable("It is no PNG.")
    chunks: dict[bytes, bytes] = {}
    body = []
    at = 8
    while at + 8 <= len(data):
        (length,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        part = data[at + 8 : at + 8 + length]
        if kind == b"IDAT":
            body.append(part)
        else:
            chunks.setdefault(kind, part)
        at += 12 + length
    try:
        width, height, depth, kind_of_colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"][:13])
    except (KeyError, struct.error):
        raise NotReadable("It is no PNG.") from None
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(kind_of_colour, 0)
    if not channels or interlaced or depth not in (1, 2, 4, 8) or (depth < 8 and channels > 1):
        raise NotReadable("It is a kind of PNG that masks are not made of.")
    row_bytes, unit = (width * channels * depth + 7) // 8, max(1, channels * depth // 8)
    if not width or not height or (row_bytes + 1) * height > most:
        raise NotReadable(f"It is too large: {width} × {height} pixels.")
    try:
        packed = zlib.decompressobj().decompress(b"".join(body), (row_bytes + 1) * height)
    except zlib.error:
        raise NotReadable("It is damaged.") from None
    if len(packed) < (row_bytes + 1) * height:
        raise NotReadable("It ends early.")
    rows = _rows(packed, row_bytes, unit)
    palette, opacity = chunks.get(b"PLTE", b""), chunks.get(b"tRNS", b"")
    return Scan(width, height, depth, kind_of_colour, channels, palette, opacity, rows)


def numbers(data: bytes, size: tuple[int, int], known: list[Colour], *, strict: bool) -> bytes:
    """For each pixel 0 for nothing, or the place of its colour in `known` (1, 2, …; at most MOST_COLOURS).

    Another colour is nothing or, where `strict`, NotReadable, as is a picture that is not exactly `size` large.
    """
    if size[0] * size[1] > MOST_PIXELS:
        raise NotReadable(f"It is too large: {size[0]} × {size[1]} pixels.")
    found = scan(data, MOST_BYTES)
    if (found.width, found.height) != size:
        raise NotReadable(f"It is {found.width} × {found.height} pixels and not {size[0]} × {size[1]}.")
    near = near_to(known)
    if found.channels == 1:
        table = bytes(_number(colour, near) for colour in _colours(found))
        spread = _spread(found.depth)
        # A line that ends within a byte has a few pixels too many.
        lines = (b"".join(map(spread.__getitem__, row))[: found.width] if spread else row for row in found.rows)
        pixels = b"".join(lines).translate(table)
    else:
        numbered = _Numbered(near)
        pixels = b"".join(
            bytes(
                map(
                    numbered.__getitem__, zip(*(row[at :: found.channels] for at in range(found.channels)), strict=True)
                )
            )
            for row in found.rows
        )
    if _UNKNOWN in pixels:
        if strict:
            raise NotReadable("It has a colour that no label has.")
        pixels = pixels.replace(bytes([_UNKNOWN]), b"\0")
    return pixels


def palette_png(pixels: bytes, width: int, height: int, colours: list[Colour]) -> bytes:
    """What `numbers` gives as a PNG as Mechanical Turk's own: a palette whose first entry is transparent, few bits."""
    depth = next(bits for bits in (1, 2, 4, 8) if len(colours) < 2**bits)
    each = 8 // depth
    length = -(-width // each)
    moved = [bytes((value << (8 - depth * (place + 1))) & 255 for value in range(256)) for place in range(each)]
    lines = []
    for start in range(0, width * height, width):
        row = pixels[start : start + width].ljust(length * each, b"\0")
        parts = (int.from_bytes(row[place::each].translate(moved[place]), "big") for place in range(each))
        line = 0
        for part in parts:
            line |= part
        lines.append(b"\0" + line.to_bytes(length, "big"))
    return b"".join(
        [
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 3, 0, 0, 0)),
            _chunk(b"PLTE", bytes(3) + b"".join(map(bytes, colours))),
            _chunk(b"tRNS", b"\0" + b"\xff" * len(colours)),
            _chunk(b"IDAT", zlib.compress(b"".join(lines), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def apart(one: Colour, other: Colour) -> int:
    """How far two colours are from each other: the largest difference of their three parts."""
    return max(abs(a - b) for a, b in zip(one, other, strict=False))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _rows(packed: bytes, length: int, unit: int) -> Iterator[bytes]:
    before, slow = bytes(length), 0
    for start in range(0, len(packed), length + 1):
        kind, row = packed[start], packed[start + 1 : start + 1 + length]
        if kind == 2:
            row = _sum(row, before)
        elif kind:
            slow += length
            if slow > _MOST_SLOW:
                raise NotReadable("It is packed in a way that takes too long to read.")
            row = bytes(_unfiltered(kind, bytearray(row), before, unit))
        yield row
        before = row


@lru_cache(maxsize=8)
def _masks(length: int) -> tuple[int, int]:
    return int.from_bytes(b"\x7f" * length, "big"), int.from_bytes(b"\x80" * length, "big")


def _sum(row: bytes, above: bytes) -> bytes:
    """Each byte of one and of the other added, all at once: as two large numbers whose bytes carry nothing over."""
    low, high = _masks(len(row))
    a, b = int.from_bytes(row, "big"), int.from_bytes(above, "big")
    return (((a & low) + (b & low)) ^ ((a ^ b) & high)).to_bytes(len(row), "big")


def _unfiltered(kind: int, row: bytearray, before: bytes, unit: int) -> bytearray:
    if kind == 1:
        for place in range(unit):
            row[place::unit] = bytes(value & 255 for value in accumulate(row[place::unit]))
    elif kind == 3:
        for place in range(len(row)):
            left = row[place - unit] if place >= unit else 0
            row[place] = (row[place] + (left + before[place]) // 2) & 255
    elif kind == 4:
        for place in range(len(row)):
            left, corner = (row[place - unit], before[place - unit]) if place >= unit else (0, 0)
            above = before[place]
            guess = left + above - corner
            nearest = min(
                (abs(guess - left), 0, left), (abs(guess - above), 1, above), (abs(guess - corner), 2, corner)
            )
            row[place] = (row[place] + nearest[2]) & 255
    else:
        raise NotReadable("It has a filter that PNGs do not have.")
    return row


def _spread(depth: int) -> list[bytes]:
    """For each byte its pixels, where it holds several."""
    if depth == 8:
        return []
    shifts = range(8 - depth, -1, -depth)
    return [bytes((byte >> shift) & ((1 << depth) - 1) for shift in shifts) for byte in range(256)]


def _colours(found: Scan) -> Iterator[Colour | None]:
    """Of a palette or of greys: the colour of each value, None where it is transparent, () where there is none."""
    for value in range(256):
        if found.kind == 0:
            yield (min(255, value * 255 // ((1 << found.depth) - 1)),) * 3
        elif value < len(found.opacity) and not found.opacity[value]:
            yield None
        else:
            entry = found.palette[3 * value : 3 * value + 3]
            yield tuple(entry) if len(entry) == 3 else ()


def near_to(known: list[Colour]) -> dict[Colour, int]:
    """Every colour that is as near to a known one as TOLERANCE -> its number, that of the nearest one."""
    found: dict[Colour, int] = {}
    steps = list(product(range(-TOLERANCE, TOLERANCE + 1), repeat=3))
    for away in range(TOLERANCE + 1):
        shell = [step for step in steps if max(map(abs, step)) == away]
        for place, (red, green, blue) in enumerate(known, 1):
            for dr, dg, db in shell:
                found.setdefault((red + dr, green + dg, blue + db), place)
    return found


def _number(colour: Colour | None, near: dict[Colour, int]) -> int:
    if colour is None:
        return 0
    return near.get(colour) or (0 if colour and max(colour) <= NEARLY_BLACK else _UNKNOWN)


class _Numbered(dict[Colour, int]):
    """Cell of a PNG with several channels -> its number; each colour is looked up once."""

    def __init__(self, near: dict[Colour, int]) -> None:
        super().__init__()
        self.near = near

    def __missing__(self, cell: Colour) -> int:
        if len(self) >= _MOST_CELLS:
            raise NotReadable("It has more colours than a mask has.")
        opaque = len(cell) == 3 or cell[-1]
        colour = (cell[0],) * 3 if len(cell) == 2 else cell[:3]
        self[cell] = number = _number(colour if opaque else None, self.near)
        return number
