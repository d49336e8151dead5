"""Answer documents and pages for the tests, built with the same writer the marketplace uses."""

import base64
import json
import struct
import zlib
from typing import Any

from django.template import engines
from lxml import html

from hits.answers import Answer, read
from marketplace.documents import Answer as Written
from marketplace.documents import build_answers

_PAGE = "{% load answers %}{% answer answer %}<hr>{% answer_thumbnail answer %}"


def plain(**fields: str) -> str:
    """The document of a plain form."""
    return named(fields)


def named(fields: dict[str, str]) -> str:
    """The document of a plain form whose field names are not Python's."""
    return build_answers([Written(name, text) for name, text in fields.items()])


def task_answers(*tasks: Any) -> str:
    """The document of a crowd-form."""
    return build_answers([Written("taskAnswers", json.dumps(list(tasks)))])


def html_question(page: str) -> str:
    return (
        '<HTMLQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/HTMLQuestion.xsd">'
        f"<HTMLContent><![CDATA[<!DOCTYPE html><html><body>{page}</body></html>]]></HTMLContent>"
        "<FrameHeight>0</FrameHeight></HTMLQuestion>"
    )


def draw(answer: Answer) -> str:
    """The HTML of an answer and of its thumbnail."""
    return engines["django"].from_string(_PAGE).render({"answer": answer})


def page(answer_xml: str, question: str | None = None, inputs: dict[str, Any] | None = None) -> html.HtmlElement:
    """What a browser makes of an answer's page, without the raw text, in which everything is found anyway."""
    tree = html.fromstring(f"<div>{draw(read(answer_xml, question, inputs))}</div>")
    for raw in tree.find_class("answer-raw"):
        raw.drop_tree()
    return tree


def words(element: html.HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


def part(answer: Answer, kind: type) -> Any:
    """The only part of that kind."""
    found = [part for part in answer.parts if isinstance(part, kind)]
    assert len(found) == 1, [type(part).__name__ for part in answer.parts]
    return found[0]


def row(answer: Answer, label: str) -> Any:
    """The row of that label, among fields and technical fields."""
    found = [row for part in answer.parts for row in getattr(part, "rows", ()) if row.label == label]
    assert len(found) == 1, [row.label for part in answer.parts for row in getattr(part, "rows", ())]
    return found[0]


def png(width: int, height: int) -> str:
    """A grey PNG in base64."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x80" * width) * height) if width * height < 1_000_000 else b""
    content = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + content).decode()
