"""Reading XML that a stranger wrote: bounded, offline, and without a document type."""

import re
from enum import StrEnum
from typing import Any

from lxml import etree

# An lxml element. The published type stubs are wrong about what is used here (sourceline, itertext).
Element = Any

# What XML has no way to write, not even by number.
UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# No network, no DTD, no entities of the document's own; libxml2 itself bounds depth (256) and the size of one text.
PARSER_OPTIONS: dict[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    # The text is a str, already decoded: what its own declaration says about its encoding no longer matters.
    "encoding": "utf-8",
}
_PARSER = etree.XMLParser(**PARSER_OPTIONS)
# An element takes 150 bytes of memory and as few as 4 of a document; 4 MB of them would take 150 MB.
_MOST_TAGS = 400_000


class Language(StrEnum):
    """What is wrong where something is wrong: the document, its XHTML (FormattedContent), or its page of HTML."""

    XML = "XML"
    XHTML = "XHTML"
    HTML5 = "HTML5"


class DocumentError(ValueError):
    """A document that cannot be used. `message` is a sentence for whoever wrote it, `line` counts from 1 if known."""

    language = Language.XML

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message if line is None else f"{message} (line {line})")
        self.message = message
        self.line = line


class XHTMLError(DocumentError):
    """A FormattedContent that is no XHTML, or none of the allowed kind; `line` is that of the whole document."""

    language = Language.XHTML


class HTMLError(DocumentError):
    """An HTMLContent that is no HTML5. `message` names lines and columns of the HTML, as MTurk did; no `line`."""

    language = Language.HTML5


def read(text: str, *, limit: int, what: str) -> Element:
    """The root element of a document of at most `limit` UTF-8 bytes; DocumentError for anything else."""
    if len(text) > limit:
        raise _too_long(len(text), limit, what)
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise DocumentError(f"The {what} contains half of a character (a lone surrogate).") from error
    if len(data) > limit:
        raise _too_long(len(data), limit, what)
    if text.count("<") > _MOST_TAGS:
        raise DocumentError(f"The {what} has more than {_MOST_TAGS} tags, which is more than can be read.")
    if "<!DOCTYPE" in text and _starts_with_doctype(text):
        raise DocumentError(f"The {what} has a DOCTYPE, which is not allowed: remove it.", 1)
    try:
        return etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        raise DocumentError(f"The {what} is not well-formed XML: {complaint(error)}", line) from error


def split_tag(tag: str) -> tuple[str, str]:
    """("namespace", "name") of an lxml tag, cut to a length that fits into a sentence; known ones are shorter."""
    if tag[0] == "{":
        namespace, _, name = tag[1:].partition("}")
        return namespace[:200], name[:100]
    return "", tag[:100]


def _too_long(size: int, limit: int, what: str) -> DocumentError:
    return DocumentError(f"The {what} is {size} bytes long; at most {limit} are allowed.")


def complaint(error: etree.XMLSyntaxError) -> str:
    """What libxml2 says is wrong, as a sentence."""
    # Without the ", line 3, column 7" that lxml appends: the line is told separately.
    text = (error.msg or "it cannot be read").split(", line ")[0].strip()[:300]
    # "Opening and ending tag mismatch: b line 1 and a": a line of the part, where ours is one of the whole.
    text = re.sub(r"mismatch: (.*) line \d+ and ", r"mismatch: \1 and ", text)
    return text if text.endswith(".") else text + "."


def _starts_with_doctype(text: str) -> bool:
    """Whether a DOCTYPE stands before the root element (elsewhere it is only text, e.g. in HTMLContent's CDATA)."""
    at = 0
    while True:
        while at < len(text) and (text[at].isspace() or text[at] == "\ufeff"):
            at += 1
        if text.startswith("<?", at):
            end, mark = "?>", 2
        elif text.startswith("<!--", at):
            end, mark = "-->", 4
        else:
            return text.startswith("<!DOCTYPE", at)
        found = text.find(end, at + mark)
        if found < 0:
            return False  # not well-formed: the parser will say so
        at = found + len(end)
