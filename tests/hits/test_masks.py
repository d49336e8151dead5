"""A mask is corrected pixel by pixel: what the browser paints is read as a stranger's, and written anew."""

import base64
import html
import json
import re
import struct
import time
import zlib
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from hits.answers.painted import LONGEST_MASK
from hits.answers.pixels import NotReadable, numbers, palette_png
from hits.answers.typed import NotADrawing, as_lines, read_lines
from hits.answers.values import compare
from hits.models import Assignment
from tests.cast import Lab

HTMX = {"HX-Request": "true"}
GREEN, BLUE, RED = (0x2C, 0xA0, 0x2C), (0x1F, 0x77, 0xB4), (0xD6, 0x27, 0x28)
#: As the worker painted it: a car (1) on a road (2), eight wide and four high.
ROWS = ("11110000", "11110000", "22222222", "22222222")
SIZE = (8, 4)


def pixels(*rows: str) -> bytes:
    return bytes(int(cell) for row in rows for cell in row)


def picture(*rows: str, colours: Any = (GREEN, BLUE, RED)) -> str:
    return base64.b64encode(palette_png(pixels(*rows), len(rows[0]), len(rows), list(colours))).decode()


def raw(width: int, height: int, kind: int, lines: bytes, *, depth: int = 8, palette: bytes = b"") -> str:
    """A PNG of somebody else: whatever header, lines with their filters."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    body = chunk(b"IHDR", header) + (chunk(b"PLTE", palette) if palette else b"")
    return base64.b64encode(
        b"\x89PNG\r\n\x1a\n" + body + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")
    ).decode()


@pytest.fixture
def mask() -> dict[str, Any]:
    labels = {"#2ca02c": "Car", "#1f77b4": "Road"}
    return {"drawing": "mask", "width": 8, "height": 4, "png": picture(*ROWS, colours=(GREEN, BLUE)), "labels": labels}


def said(mask: dict[str, Any], png: str = "", gone: tuple[str, ...] = (), **labels: str) -> str:
    named = {f"#{colour.lstrip('c')}": label for colour, label in labels.items()}
    return json.dumps({"labels": {**mask["labels"], **named}, "gone": gone, "png": png})


def painted(value: dict[str, Any], *colours: tuple[int, ...]) -> bytes:
    return numbers(base64.b64decode(value["png"]), (value["width"], value["height"]), list(colours), strict=True)


def test_what_is_painted_is_written_anew_with_the_exact_colours_of_the_legend(mask: dict[str, Any]) -> None:
    rows = ("11130000", "11110030", "22222222", "22222222")
    # As a privacy browser paints it: every colour off by two, each pixel with its opacity, sub and Paeth as filters.
    near = {0: (1, 0, 1, 0), 1: (0x2E, 0x9E, 0x2C, 255), 2: (0x1F, 0x79, 0xB2, 255), 3: (0xD4, 0x27, 0x28, 9)}
    lines, above = b"", bytes(32)
    for place, row in enumerate(rows):
        line = b"".join(bytes(near[int(cell)]) for cell in row)
        shifted = bytes(4) + line[:-4]
        if place % 2:
            over = bytes(4) + above[:-4]
            guessed = bytearray()
            for left, up, corner in zip(shifted, above, over, strict=True):
                guess = left + up - corner
                away = [(abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner)]
                guessed.append(min(away)[2])
            shifted = bytes(guessed)
        lines += bytes([4 if place % 2 else 1])
        lines += bytes((cell - before) & 255 for cell, before in zip(line, shifted, strict=True))
        above = line
    made = read_lines(said(mask, raw(8, 4, 6, lines), cd62728="Sign"), mask)
    assert made["labels"] == {"#2ca02c": "Car", "#1f77b4": "Road", "#d62728": "Sign"}
    assert painted(made, GREEN, BLUE, RED) == pixels(*rows)
    assert made["png"] == picture(*rows), "the same picture is always the same bytes"
    assert read_lines(as_lines(made), mask) == made, "and comes back from the form as it is"
    assert {**made, "png": "", "labels": {}} == {**mask, "png": "", "labels": {}}


def test_labels_are_changed_joined_and_removed_without_a_brush(mask: dict[str, Any]) -> None:
    renamed = read_lines(said(mask, c2ca02c=" Bus "), mask)
    assert renamed == {**mask, "labels": {"#2ca02c": "Bus", "#1f77b4": "Road"}}, "its pixels stay as they are"
    joined = read_lines(said(mask, c1f77b4="Car"), mask)
    assert (joined["labels"], painted(joined, GREEN).count(1)) == ({"#2ca02c": "Car"}, 24)
    things = {**mask, "instances": True}
    assert read_lines(said(things, c1f77b4="Car"), things) == {**things, "labels": dict.fromkeys(mask["labels"], "Car")}
    left = read_lines(said(mask, gone=("#2ca02c",)), mask)
    assert (left["labels"], painted(left, BLUE)) == ({"#1f77b4": "Road"}, pixels("0" * 16 + "1" * 16))
    none = read_lines(said(mask, gone=("#2ca02c", "#1f77b4")), mask)
    assert (none["labels"], painted(none)) == ({}, bytes(32))
    # What says the same is the worker's own answer, to the byte.
    for same in ("", picture(*ROWS), raw(8, 4, 3, b"".join(b"\0" + pixels(row) for row in ROWS), palette=bytes(
        (0, 0, 0, *GREEN, *BLUE)
    ))):  # fmt: skip
        assert read_lines(said(mask, same, cd62728="never painted"), mask) == mask


def test_a_hostile_mask_is_refused_in_one_sentence(mask: dict[str, Any]) -> None:
    flat = b"".join(b"\0" + pixels(row) for row in ROWS)
    bomb = raw(8, 4, 3, bytes(300_000_000 // 10), palette=bytes(6))  # thirty megabytes where 36 bytes belong
    palette = bytes((0, 0, 0, *GREEN, *BLUE))
    for png, sentence in (
        (picture("1", colours=[GREEN]), "It is 1 × 1 pixels and not 8 × 4"),
        (raw(60_000, 60_000, 3, b""), "It is too large: 60000 × 60000"),
        (raw(8, 4, 3, flat[:-1], palette=palette), "It ends early"),
        (raw(8, 4, 3, b"\7" + flat[1:], palette=palette), "a filter that PNGs do not have"),
        (raw(8, 4, 3, flat, palette=palette[:6]), "a colour that no label has"),
        (raw(8, 4, 3, flat, palette=bytes((0, 0, 0, *GREEN, 255, 0, 0))), "a colour that no label has"),
        (raw(8, 4, 2, flat, depth=16), "a kind of PNG that masks are not made of"),
        (base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(90)).decode(), "It is no PNG"),
        (base64.b64encode(b"<svg onload=alert(1)>").decode(), "It is no PNG"),
        (picture(*ROWS)[:-40] + "A" * 40, "It is damaged"),
        ("<svg>", "It is not base64"),
        ("A" * (LONGEST_MASK + 1), "too finely painted"),
    ):
        with pytest.raises(NotADrawing, match=sentence):
            read_lines(said(mask, png), mask)
    # Of what unpacks to more than its size says, only as much as fits is ever unpacked.
    assert painted(read_lines(said(mask, bomb), mask)) == bytes(32)
    # Noise of the worker's own, each pixel another colour, is given up early.
    cells = b"".join(struct.pack(">I", place * 2654435761 & 0xFFFFFFFF | 1) for place in range(240 * 240))
    noise = b"".join(b"\0" + cells[at : at + 960] for at in range(0, len(cells), 960))
    with pytest.raises(NotReadable, match="more colours than a mask has"):
        numbers(base64.b64decode(raw(240, 240, 6, noise)), (240, 240), [GREEN], strict=False)
    for text, sentence in (
        ("{", "What was sent is no mask"),
        ("[" * 99_999, "What was sent is no mask"),
        ('{"labels": {"#2ca02c": 7}, "gone": [], "png": ""}', "What was sent is no mask"),
        (said(mask, c2ca02c=" "), "A label is text"),
        (said(mask, c2ca02c="x" * 301), "A label is text"),
        (said(mask, **{"<b>": "x"}), "A colour is written #rrggbb"),
        (said(mask, c2ca02f="so near"), "too near to another one"),
        (said(mask, c000102="black"), "too near to another one"),
        (said(mask, **{f"c{n * 5:02x}{m * 5:02x}ff": "x" for n in range(16) for m in range(17)}), "254 is the most"),
    ):
        with pytest.raises(NotADrawing, match=sentence):
            read_lines(text, mask)
    unread = {**mask, "png": ""}
    assert read_lines(said(unread, c2ca02c="Bus"), unread)["labels"]["#2ca02c"] == "Bus"
    with pytest.raises(NotADrawing, match="only its labels can be changed"):
        read_lines(said(unread, picture(*ROWS)), unread)


def test_two_masks_of_noise_with_many_labels_are_compared_in_bounded_time() -> None:
    cells = b"".join((place * 2654435761 & 0xFFFFFF).to_bytes(3, "big") for place in range(140 * 140))
    noise = raw(140, 140, 2, b"".join(b"\0" + cells[at : at + 420] for at in range(0, len(cells), 420)))
    labels = {f"#{place * 40_000:06x}": str(place) for place in range(400)}
    one = {"drawing": "mask", "width": 140, "height": 140, "png": noise, "labels": labels}
    start = time.process_time()
    assert compare(one, {**one, "labels": {**labels, "#fffffe": "another"}}) > 0
    assert time.process_time() - start < 5  # each colour held against each label takes four times as long


def test_the_form_keeps_what_was_painted_shows_it_and_files_have_it(lab: Lab) -> None:
    attack = '"><script>alert(1)</script>'
    given = {
        "inputImageProperties": {"width": 8, "height": 4},
        "labeledImage": {"pngImageData": picture(*ROWS, colours=(GREEN, BLUE))},
        "instances": [{"color": "#2ca02c", "label": "Car"}, {"color": "#1f77b4", "label": attack}],
    }
    lab.answer(lab.hit(), taskAnswers=json.dumps([{"m": given}]))
    lab.sync()
    drawn = Assignment.objects.get()
    client = Client()
    client.force_login(lab.people["approver"], backend="allauth.account.auth_backends.AuthenticationBackend")
    url, before = reverse("data_verdict", args=["lab", drawn.assignment_id]), drawn.answer
    form = client.get(url, headers=HTMX).content.decode()
    assert "<script>alert" not in form
    assert re.findall(r'name="colour-0" value="(#?\w*)"', form) == ["#2ca02c", "#1f77b4", ""], "and one to be filled in"
    assert " style=" not in form
    better = picture("11133333", "11113333", "22222222", "22222222")
    fields: dict[str, Any] = {
        "verdict": "corrected", "field-0": "m", "png-0": better,
        "colour-0": ["#2ca02c", "#1f77b4", "#d62728"], "label-0": ["Car", "Road", "Car"],
    }  # fmt: skip
    assert client.post(url, {**fields, "png-0": "", "label-0": ["Car", attack, "Car"]}, headers=HTMX).status_code == 422
    refused = client.post(url, {**fields, "label-0": ["Car", "", "Bus"]}, headers=HTMX)
    page = html.unescape(refused.content.decode())
    assert (refused.status_code, "A label is text" in page) == (422, True)
    assert f'name="png-0" value="{better}"' in page, "nothing painted is lost"
    assert re.findall(r'name="label-0" value="(.*?)"', page)[:3] == ["Car", "", "Bus"]
    looked = client.post(url, {**fields, "action": "look"}, headers=HTMX).content.decode()
    assert looked.count("data-share") == 2 + 3, "areas in both legends"
    assert not Assignment.objects.exclude(data_verdict="").exists()
    shown = client.post(url, fields, headers=HTMX).content.decode()
    drawn.refresh_from_db()
    kept = drawn.corrected["m"]
    assert (drawn.answer, kept["labels"]) == (before, {"#2ca02c": "Car", "#1f77b4": "Road", "#d62728": "Car"})
    assert painted(kept, GREEN, BLUE, RED).count(3) == 9
    assert f'href="data:image/png;base64,{kept["png"]}"' in shown
    full = client.get(reverse("queue_csv", args=["lab"]), {"format": "full", "status": "all"})
    assert kept["png"] in b"".join(full).decode()
    # Removed by the plain form; and the form of what is corrected begins with the correction.
    again = html.unescape(client.get(url, headers=HTMX).content.decode())
    assert f'name="png-0" value="{kept["png"]}"' in again
    client.post(url, {**fields, "png-0": kept["png"], "gone-0": "#d62728"}, headers=HTMX)
    drawn.refresh_from_db()
    assert sorted(drawn.corrected["m"]["labels"].values()) == ["Car", "Road"]
