"""Reading palette PNGs independently of what wrote them, and outlines of what is in them."""

import base64
import struct
import zlib
from dataclasses import dataclass


@dataclass
class PalettePng:
    """`rows[y][x]` is a number into `palette` (`#rrggbb`); `alpha` of an entry is 0 to 255."""

    width: int
    height: int
    depth: int
    palette: list[str]
    alpha: list[int]
    rows: list[bytes]

    def pixels(self, colour: str) -> set[tuple[int, int]]:
        number = self.palette.index(colour)
        return {(x, y) for y, row in enumerate(self.rows) for x, value in enumerate(row) if value == number}


def read(encoded: str) -> PalettePng:
    """Any PNG of colour type 3; zlib and zlib's checksums are the standard library's."""
    data = base64.b64decode(encoded, validate=True)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        chunks[kind] = chunks.get(kind, b"") + body
        at += 12 + length
    width, height, depth, kind_of_colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (kind_of_colour, rest) == (3, [0, 0, 0])
    raw = chunks[b"PLTE"]
    palette = [f"#{raw[index : index + 3].hex()}" for index in range(0, len(raw), 3)]
    alpha = list(chunks.get(b"tRNS", b"").ljust(len(palette), b"\xff"))
    per_row = (width * depth + 7) // 8
    lines, above, rows = zlib.decompress(chunks[b"IDAT"]), bytes(per_row), []
    assert len(lines) == height * (per_row + 1)
    for y in range(height):
        line = lines[y * (per_row + 1) : (y + 1) * (per_row + 1)]
        above = _unfilter(line[0], line[1:], above)
        rows.append(
            bytes(above[x * depth // 8] >> (8 - depth - x * depth % 8) & (1 << depth) - 1 for x in range(width))
        )
    return PalettePng(width, height, depth, palette, alpha, rows)


def _unfilter(kind: int, line: bytes, above: bytes) -> bytes:
    result = bytearray(line)
    for index, value in enumerate(line):
        left = result[index - 1] if index else 0
        up, corner = above[index], above[index - 1] if index else 0
        nearest = min((left, up, corner), key=lambda guess: abs(left + up - corner - guess))
        result[index] = (value + [0, left, up, (left + up) // 2, nearest][kind]) & 255
    return bytes(result)


def outlines(pixels: set[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Closed paths along the edges of pixels, with the pixels on their right; only corners are kept."""
    edges: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for x, y in pixels:
        for here, start, end in (
            ((x, y - 1), (x, y), (x + 1, y)),
            ((x + 1, y), (x + 1, y), (x + 1, y + 1)),
            ((x, y + 1), (x + 1, y + 1), (x, y + 1)),
            ((x - 1, y), (x, y + 1), (x, y)),
        ):
            if here not in pixels:
                edges.setdefault(start, []).append(end)
    paths = []
    while edges:
        start = at = next(iter(edges))
        path = []
        while at != start or not path:
            path.append(at)
            following = edges[at]
            at = following.pop()
            if not following:
                del edges[path[-1]]
        before = [path[-1], *path[:-1]]
        after = [*path[1:], path[0]]
        paths.append([
            here for last, here, then in zip(before, path, after, strict=True)
            if (here[0] - last[0], here[1] - last[1]) != (then[0] - here[0], then[1] - here[1])
        ])  # fmt: skip
    return paths


def is_hole(path: list[tuple[int, int]]) -> bool:
    """Around pixels that are missing inside."""
    return sum(x * path[index - 1][1] - path[index - 1][0] * y for index, (x, y) in enumerate(path)) > 0
