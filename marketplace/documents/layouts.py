"""HITLayouts: HTML with `${name}` placeholders, and the HTMLQuestion that values make of it. Source: api:2372-2426.

A value is data wherever it stands; it cannot add markup, end a script, a style or the document, or become code:

- in text, and in an attribute, it is what is read: `<b>` shows as `<b>`. An attribute without quotes gets them;
- in an attribute that holds an address it cannot make one of `javascript:`;
- in a script, between the quotes of a string, it is that string's text. Anywhere else it is a value: a number, true,
  false, null, a list or an object where it reads as JSON, a string with its quotes where it does not. So
  `let boxes = ${boxes};` and `let name = "${name}";` both do what they look like. In `onclick="…"` it is the same;
- in a style sheet it is one word or number;
- in a comment it is changed so that it cannot end it.

Where no value can stand safely, as in the name of a tag or in the address of a script, a placeholder is refused. What a
layout's own scripts do with a value later (innerHTML, eval, expressions of a framework) is the layout's own affair.
"""

import html
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from urllib.parse import quote

from .html5 import ATTRIBUTE, COMMENT_END, MARKUP, RAW, SPACE, check_html
from .questions import MAX_BYTES, NAMESPACES
from .safely import UNWRITABLE, DocumentError
from .scripts import placeholders_in_script

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_ADDRESSES = frozenset(
    [
        *["action", "background", "cite", "data", "formaction", "href", "longdesc", "poster", "src", "xlink:href"],
        # What an SVG animation gives to another attribute, perhaps a link's.
        *["by", "from", "to", "values"],
    ]
)
_CODE_ADDRESS = re.compile(r"(?:javascript|vbscript):", re.IGNORECASE)
_BEGUN = re.compile(r"<[!/]?[-A-Za-z]*$")
# Scripts that are none: HTML to be used later. Any other type is taken for code.
_TEMPLATE_TYPE = re.compile(
    r"text/(?:html|plain|(?:x-)?(?:[a-z]+-)?template|(?:x-)?(?:handlebars|mustache|underscore|tmpl|jquery-tmpl))"
)

Write = Callable[[str], str]
Holes = Callable[[str, int, int], Iterator[tuple[re.Match[str], Write]]]


@dataclass(frozen=True, slots=True)
class Hole:
    """A placeholder, and how a value is written there."""

    name: str
    write: Write


@dataclass(frozen=True, slots=True)
class Address:
    """The value of an attribute that holds an address, with placeholders in it."""

    parts: tuple[str | Hole, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout that can be used. `names` are its parameters, in the order of their first appearance."""

    parts: tuple[str | Hole | Address, ...]
    names: tuple[str, ...]

    def question(self, values: Mapping[str, str], frame_height: int = 0) -> str:
        """The HTMLQuestion document with a value for each of `names`; DocumentError where one cannot stand."""
        page = _filled(self.parts, values).replace("]]>", "]]]]><![CDATA[>")
        return (
            f'<HTMLQuestion xmlns="{NAMESPACES["HTMLQuestion"][-1]}"><HTMLContent><![CDATA[{page}]]></HTMLContent>'
            f"<FrameHeight>{frame_height}</FrameHeight></HTMLQuestion>"
        )


@lru_cache(maxsize=64)
def parse_layout(page: str) -> Layout:
    """Read a layout; DocumentError, with the line, where it is no HTML or a placeholder is out of place."""
    if not page.strip():
        raise DocumentError("The layout is empty.")
    if unwritable := UNWRITABLE.search(page):
        raise DocumentError(
            f"The layout contains the character U+{ord(unwritable[0]):04X}, which is not allowed.",
            page.count("\n", 0, unwritable.start()) + 1,
        )
    check_html(page)
    names = tuple(dict.fromkeys(found[1] for found in PLACEHOLDER.finditer(page)))
    layout = Layout(tuple(_parts(page)), names)
    if (size := len(layout.question(dict.fromkeys(names, "")).encode())) > MAX_BYTES:
        raise DocumentError(f"Questions of this layout have {size} bytes and more; at most {MAX_BYTES} are allowed.")
    return layout


def _filled(parts: tuple[str | Hole | Address, ...], values: Mapping[str, str]) -> str:
    return "".join(part if isinstance(part, str) else _written(part, values) for part in parts)


def _written(part: Hole | Address, values: Mapping[str, str]) -> str:
    if isinstance(part, Hole):
        return part.write(values[part.name])
    address = _filled(part.parts, values)
    if _is_code(address):
        names = " and ".join(one.name for one in part.parts if isinstance(one, Hole))
        raise DocumentError(f"The value of {names[:200]} makes an address of code (javascript:), which is not allowed.")
    return address


def _is_code(address: str) -> bool:
    """Browsers skip blanks and control characters in front, and tabs and line ends within."""
    return bool(_CODE_ADDRESS.match(re.sub("[\x00-\x20]", "", html.unescape(address))))


@dataclass(slots=True)
class _Region:
    """A stretch of the page in which values are written in one way."""

    start: int
    end: int
    holes: Holes
    is_address: bool = False
    needs_quotes: bool = False
    # An attribute's value is no place where a tag could begin or end; srcdoc and everything outside of tags is.
    is_markup: bool = True
    is_script: bool = False


def _parts(page: str) -> Iterator[str | Hole | Address]:
    """The page cut at its placeholders."""
    at = 0
    regions = [region for region in _regions(page) if PLACEHOLDER.search(page, region.start, region.end)]
    known = {hole.start() for region in regions for hole in PLACEHOLDER.finditer(page, region.start, region.end)}
    for found in PLACEHOLDER.finditer(page):
        if found.start() not in known:
            raise DocumentError(
                f"The placeholder {found[0][:100]} stands in the name of a tag or attribute, in a declaration or in an "
                "attribute of a script, where no value can stand.",
                page.count("\n", 0, found.start()) + 1,
            )
    for region in regions:
        _check_places(page, region)
        yield page[at : region.start] + ('"' if region.needs_quotes else "")
        inside = list(_inside(page, region))
        if region.is_address:
            yield Address(tuple(inside))
        else:
            yield from inside
        at = region.end
        if region.needs_quotes:
            yield '"'
    yield page[at:]


def _check_places(page: str, region: _Region) -> None:
    """No value may finish what the layout began: the name of a tag, the end of a script, an escaped character."""
    for hole in PLACEHOLDER.finditer(page, region.start, region.end):
        # Placeholders in between may get nothing.
        before = PLACEHOLDER.sub("", html.unescape(page[max(region.start, hole.start() - 300) : hole.start()]))
        line = page.count("\n", 0, hole.start()) + 1
        if region.is_markup and _BEGUN.search(before):
            raise DocumentError(
                f"The placeholder {hole[0][:100]} follows a < at once, where its value could become a tag; put a blank "
                "between.",
                line,
            )
        if region.is_script and (len(before) - len(before.rstrip("\\"))) % 2:
            raise DocumentError(f"The placeholder {hole[0][:100]} stands behind a backslash; take that out.", line)


def _inside(page: str, region: _Region) -> Iterator[str | Hole]:
    # What gets quotes now must not have had the other meaning of one.
    literal: Write = (lambda text: text.replace('"', "&quot;")) if region.needs_quotes else (lambda text: text)
    at = region.start
    for found, write in region.holes(page, region.start, region.end):
        yield literal(page[at : found.start()])
        yield Hole(found[1], write)
        at = found.end()
    yield literal(page[at : region.end])


def _regions(page: str) -> Iterator[_Region]:
    """Where values may stand. The page was checked: whatever begins ends."""
    at = 0
    while found := MARKUP.search(page, at):
        yield _Region(at, found.start(), _everywhere(_text))
        markup, at = found[0], found.end()
        if markup == "<!--":
            end = COMMENT_END.search(page, at)
            empty = page.startswith((">", "->"), at)
            stop = at if empty else end.start() if end else len(page)
            yield _Region(at, stop, _everywhere(_comment))
            at = stop
        elif markup in ("<!", "<?"):
            at = page.index(">", at) + 1
        else:
            name = markup[1:].lower()
            attributes: dict[str, str] = {}
            at = yield from _attributes(page, at, name, attributes)
            if name in RAW:
                end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(page, at)
                stop = end.start() if end else len(page)
                if name == "script":
                    _check_end_of_script(page, at, stop)
                yield _Region(at, stop, _raw(name, attributes), is_script=name == "script")
                at = stop
    yield _Region(at, len(page), _everywhere(_text))


def _check_end_of_script(page: str, start: int, end: int) -> None:
    """After `<!--` and `<script` in it, `</script>` does not end a script: what follows would be code, not text."""
    script = page[start:end].lower()
    if "<!--" in script and "<script" in script:
        raise DocumentError(
            "A script of the layout contains both <!-- and <script; take one of them out.",
            page.count("\n", 0, start) + 1,
        )


def _attributes(page: str, at: int, tag: str, seen: dict[str, str]) -> Generator[_Region, None, int]:
    """The values of a tag's attributes in which values may stand; returns where the tag ends."""
    while True:
        blank = SPACE.match(page, at)
        at = blank.end() if blank else at
        if at >= len(page) or page[at] == ">":
            return at + 1
        found = ATTRIBUTE.match(page, at)
        assert found is not None  # it was, when the page was checked
        name, at = found[1].lower(), found.end()
        quoted = bool(found[2])
        start, end = (found.start(2) + 1, found.end(2) - 1) if quoted else (_unquoted(found), found.end())
        seen.setdefault(name, html.unescape(page[start:end]))
        # Which code a page loads, and whether a script is code, is not for a value to say.
        if tag != "base" and (tag != "script" or name in {"id", "class"} or name.startswith("data-")):
            yield _attribute(name, seen[name], start, end, quoted)


def _unquoted(found: re.Match[str]) -> int:
    """Where the value of an attribute without quotes begins; its end, if it has no value."""
    before = re.match(r"=?[^\s/>=]*(?:\s*=\s*)?", found[0])
    return found.start() + (before.end() if before else 0)


def _attribute(name: str, value: str, start: int, end: int, quoted: bool) -> _Region:
    holes = _everywhere(_text)
    is_address = name in _ADDRESSES
    is_script = name.startswith("on")
    if is_script:
        holes = _script(_text)
    elif name == "style":
        holes = _everywhere(lambda text: _text(_style(text)))
    elif name == "srcdoc":
        holes = _everywhere(lambda text: _text(_text(text)))
    elif is_address and _is_code(value):
        # The requester's own code in an address: percent signs are decoded before it runs.
        holes, is_address, is_script = _script(lambda text: quote(text, safe="")), False, True
    return _Region(start, end, holes, is_address, not quoted, is_markup=name == "srcdoc", is_script=is_script)


def _raw(name: str, attributes: dict[str, str]) -> Holes:
    if name == "style":
        return _everywhere(_style)
    if name == "script" and not _TEMPLATE_TYPE.fullmatch(attributes.get("type", "").strip().lower()):
        return _script(lambda text: text)
    return _everywhere(_text)


def _everywhere(write: Write) -> Holes:
    return lambda page, start, end: ((found, write) for found in PLACEHOLDER.finditer(page, start, end))


def _script(outer: Write) -> Holes:
    """As code, and then as whatever the code is written in."""

    def holes(page: str, start: int, end: int) -> Iterator[tuple[re.Match[str], Write]]:
        for found, write in placeholders_in_script(page, start, end, PLACEHOLDER):
            yield found, partial(_twice, write, outer)

    return holes


def _twice(inner: Write, outer: Write, value: str) -> str:
    return outer(inner(value))


def _text(value: str) -> str:
    return html.escape(value, quote=True)


def _comment(value: str) -> str:
    # Something in any case: nothing between -- and > would end it.
    return re.sub(r"[-<>!&]", lambda found: f"&#{ord(found[0])};", value) or " "


def _style(value: str) -> str:
    """Letters, digits, and what numbers, units and colours need; the rest as CSS writes characters by number."""
    return re.sub(r"[^A-Za-z0-9.%#_\-\u0080-\U0010ffff]", lambda found: f"\\{ord(found[0]):x} ", value)
