"""HTMLContent as HTML5, leniently: refused is only what makes a browser lose or change a part of the page.

A missing DOCTYPE, title or end tag, an end tag too many, elements and attributes nobody knows: all of that works in
every browser and is taken. The sentences are those of the validator that MTurk used. Pure text work, one pass.
"""

import re

from .safely import HTMLError

_MOST = 10  # errors told
_SHOWN = 500  # characters of the page told
# How a page is taken apart, here and where a layout's placeholders are found.
MARKUP = re.compile(r"<(?:!--|[!?]|/?[A-Za-z][^\s/>]*)")
COMMENT_END = re.compile("--!?>")
SPACE = re.compile(r"[\s/]*")
ATTRIBUTE = re.compile(r"""(=?[^\s/>=]*)(?:\s*=\s*(?:("[^"]*"|'[^']*')|(["'])|[^\s>"'][^\s>]*|))?""")
# Their content is text up to the end tag, whatever stands in it.
RAW = frozenset({"script", "style", "textarea", "title", "iframe", "noembed", "noframes", "xmp"})
_ONCE = {
    "html": "Stray start tag “html”.",
    "head": "Stray start tag “head”.",
    "body": "An “body” start tag seen but an element of the same type was already open.",
}
_NESTED_FORM = "Saw a “form” start tag, but there was already an active “form” element. Nested forms are not allowed."
_LOST = "End of file seen when expecting text or an end tag."


def check_html(html: str) -> None:
    """HTMLError, with lines and columns of the HTML, if a browser would not show this page as it was written."""
    if errors := _errors(html):
        told = " ".join(f"<! [{line},{column}] {what} !>" for line, column, what in _placed(html, errors[:_MOST]))
        shown = html if len(html) <= _SHOWN else html[:_SHOWN] + "…"
        raise HTMLError(f"Errors: {told} Invalid content: {shown}")


def _errors(html: str) -> list[tuple[int, str]]:
    """(position, what is wrong) of everything that is; nothing after a part that never ends."""
    errors: list[tuple[int, str]] = []
    seen: set[str] = set()
    form_open = False
    at = 0
    while found := MARKUP.search(html, at):
        start, at = found.span()
        markup = found[0]
        if markup == "<!--":
            at = _after_comment(html, at)
        elif markup in ("<!", "<?"):
            at = html.find(">", at) + 1
        elif markup[1] == "/":
            at = _after_tag(html, at, [])  # attributes of an end tag are ignored, also by browsers
            form_open = form_open and markup.lower() != "</form"
        else:
            name = markup[1:].lower()
            at = _after_tag(html, at, errors)
            if name in _ONCE and name in seen:
                errors.append((start, _ONCE[name]))
            elif name == "form":
                if form_open:
                    errors.append((start, _NESTED_FORM))
                form_open = True
            elif name in RAW and at:
                at = _after_raw_text(html, at, name)
            elif name == "plaintext":
                break
            seen.add(name)
        if not at:
            errors.append((start, _LOST))
        if not at or len(errors) >= _MOST:
            break
    return errors


def _after_tag(html: str, at: int, errors: list[tuple[int, str]]) -> int:
    """Where a tag ends whose name ended at `at`; 0 if it never does."""
    if html.startswith(">", at):
        return at + 1
    names: set[str] = set()
    touching = False  # a quoted value has just ended
    while True:
        match = SPACE.match(html, at)
        assert match is not None  # it matches nothing at all as well
        touching = touching and match.end() == at
        at = match.end()
        if at >= len(html):
            return 0
        if html[at] == ">":
            return at + 1
        if touching:
            errors.append((at, "No space between attributes."))
        match = ATTRIBUTE.match(html, at)
        assert match is not None
        if match[3]:  # a quote that is never closed
            return 0
        name = match[1].lower()
        if wrong := _wrong_name(name, names):
            errors.append((at, wrong))
        names.add(name)
        touching = bool(match[2])
        at = match.end()
        if len(errors) >= _MOST:
            return at


def _wrong_name(name: str, names: set[str]) -> str:
    if name.startswith("=") or not name:
        return "Saw “=” when expecting an attribute name. Probable cause: Attribute name missing."
    if "<" in name:
        return "Saw “<” when expecting an attribute name. Probable cause: Missing “>” immediately before."
    if '"' in name or "'" in name:
        return "Quote in attribute name. Probable cause: Matching quote missing somewhere earlier."
    if name in names:
        return f"Duplicate attribute “{name[:100]}”."
    return ""


def _after_comment(html: str, at: int) -> int:
    for empty in (">", "->"):
        if html.startswith(empty, at):
            return at + len(empty)
    found = COMMENT_END.search(html, at)
    return found.end() if found else 0


def _after_raw_text(html: str, at: int, name: str) -> int:
    """Where the end tag of such an element begins."""
    found = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(html, at)
    return found.start() if found else 0


def _placed(html: str, errors: list[tuple[int, str]]) -> list[tuple[int, int, str]]:
    return [(html.count("\n", 0, at) + 1, at - (html.rfind("\n", 0, at) + 1) + 1, what) for at, what in sorted(errors)]
