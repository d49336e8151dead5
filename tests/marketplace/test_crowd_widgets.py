"""What simulated workers hand in with annotation widgets: shapes, painted pictures, spans, as documented."""

import base64
import json
import struct
import zlib

import pytest

from tests.marketplace.crowds import each_way, filled, page, tree


@pytest.mark.parametrize(
    ("tag", "key", "least", "most"),
    [
        ("crowd-polygon", "polygons", 3, 2000),
        ("crowd-polyline", "polylines", 2, 2000),
        ("crowd-line", "lines", 2, 2),
    ],
)
def test_shapes_are_labelled_points_in_whole_pixels_inside_the_picture(tag: str, key: str, least: int, most: int):
    body = f"<{tag} name=\"here\" labels=\"['cat', 'dog']\" src='https://x.example/y.png'></{tag}>"
    seen = 0
    for way in each_way(8):
        found = tree(body, gold={"here": {"width": 300, "height": 120}}, **way)["here"]
        assert found["inputImageProperties"] == {"height": 120, "width": 300}
        for shape in found[key]:
            seen += 1
            assert shape["label"] in ("cat", "dog")
            assert least <= len(shape["vertices"]) <= most
            for point in shape["vertices"]:
                assert (type(point["x"]), type(point["y"])) == (int, int)
                assert 0 <= point["x"] < 300
                assert 0 <= point["y"] < 120
    assert seen > 20


def test_good_workers_put_points_where_they_belong():
    body = "<crowd-keypoint name='here' labels=\"['nose', 'tail']\"></crowd-keypoint>"
    points = [{"label": "nose", "x": 100, "y": 50}, {"label": "tail", "x": 400, "y": 300}]
    right = {"keypoints": points, "inputImageProperties": {"width": 640, "height": 480}}
    for seed in range(10):
        found = tree(body, seed, gold={"here": right})["here"]["keypoints"]
        for point, meant in zip(found, points, strict=True):
            assert point["label"] == meant["label"]
            assert abs(point["x"] - meant["x"]) + abs(point["y"] - meant["y"]) < 30


def decoded(picture: str) -> tuple[int, int, list[str], set[int]]:
    """Width, height, palette and the entries that occur of a palette PNG without row filters."""
    data, at, chunks = base64.b64decode(picture), 8, {}
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length]) == (zlib.crc32(kind + body),)
        chunks[kind] = body
        at += 12 + length
    width, height, depth, colour_type = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert colour_type == 3
    assert chunks[b"tRNS"][0] == 0
    palette = [f"#{chunks[b'PLTE'][at : at + 3].hex()}" for at in range(0, len(chunks[b"PLTE"]), 3)]
    rows, length = zlib.decompress(chunks[b"IDAT"]), 1 + -(-width * depth // 8)
    assert len(rows) == length * height
    entries = set()
    for row in range(height):
        assert rows[row * length] == 0
        bits = f"{int.from_bytes(rows[row * length + 1 : (row + 1) * length], 'big'):0{(length - 1) * 8}b}"
        entries |= {int(bits[at : at + depth], 2) for at in range(0, width * depth, depth)}
    return width, height, palette, entries


@pytest.mark.parametrize("kind", ["semantic", "instance"])
def test_painted_pictures_are_palettes_of_exactly_what_is_listed(kind: str):
    body = f"<crowd-{kind}-segmentation name='here' labels=\"['cat', 'dog']\"></crowd-{kind}-segmentation>"
    painted = 0
    for way in each_way(5):
        found = tree(body, gold={"here": {"width": 101, "height": 60}}, **way)["here"]
        width, height, palette, entries = decoded(found["labeledImage"]["pngImageData"])
        assert {"height": height, "width": width} == found["inputImageProperties"] == {"height": 60, "width": 101}
        listed = (
            [each["color"] for each in found["instances"]]
            if kind == "instance"
            else [each["color"] for each in found["labelMappings"].values()]
        )
        assert palette == ["#000000", *listed]
        assert entries | {0} == set(range(len(palette)))
        painted += len(listed)
    assert painted > 10


def test_spans_lie_in_the_text_and_count_as_javascript_does():
    text = "Anna \U0001f600 met Bob in Berlin, and Berlin was cold. Then Clara came to see them on a Monday in March."
    body = f'<crowd-entity-annotation name="who" text="{text}" labels="[{{label: \'PER\'}}, \'LOC\']"/>'
    units = text.encode("utf-16-le")
    right = [{"label": "PER", "startOffset": 0, "endOffset": 4}, {"label": "LOC", "startOffset": 19, "endOffset": 25}]
    assert units[19 * 2 : 25 * 2].decode("utf-16-le") == "Berlin"
    (exact,) = json.loads(filled(page(body), skill=1.0, gold={"who": right})["taskAnswers"])  # without a crowd-form
    assert exact == {"who": {"entities": right}}
    more = body.replace("/>", "><crowd-checkbox name='odd'></crowd-checkbox></crowd-entity-annotation>")
    (taken_in,) = json.loads(filled(page(more))["taskAnswers"])  # a script moves it into the widget's form
    assert set(taken_in) == {"who", "odd"}
    found = 0
    for way in each_way(8):
        (given,) = json.loads(filled(page(body), **way)["taskAnswers"])
        last = 0
        for span in given["who"]["entities"]:
            assert last <= span["startOffset"] < span["endOffset"] <= len(units) // 2
            assert span["label"] in ("PER", "LOC")
            last, found = span["endOffset"], found + 1
    assert found > 10
