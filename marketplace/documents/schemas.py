"""The XML Schemas in `xsd/`, each compiled once, and what they find wrong, in words for whoever wrote the document."""

import re
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from lxml import etree

from .safely import DocumentError, Element, split_tag

_FOLDER = Path(__file__).with_name("xsd")
_LONGEST = 300

_KINDS = {
    "xs:int": "a whole number of at most 32 bits",
    "xs:integer": "a whole number",
    "xs:decimal": "a number",
    "xs:nonNegativeInteger": "a whole number, 0 or more",
    "xs:positiveInteger": "a whole number, 1 or more",
    "xs:boolean": "true or false",
    "xs:anyURI": "an address",
}

# The patterns our schemas use, in words.
_PATTERNS = {
    "https?://.+": "begin with http:// or https://",
    "(https?|ftp|news|nntp|gopher|telnet)://.+|(news|mailto):.+": (
        "begin with http://, https://, ftp://, news:, nntp://, gopher://, telnet:// or mailto:"
    ),
}


class Schema:
    """One compiled schema. Documents take turns: lxml keeps what it found with the schema, not with the document."""

    def __init__(self, name: str) -> None:
        self._schema = etree.XMLSchema(file=str(_FOLDER / f"{name}.xsd"))
        self._lock = Lock()

    def check(self, root: Element) -> None:
        """DocumentError, with the line, for the first thing that does not fit."""
        with self._lock:
            if self._schema.validate(root):
                return
            log: Any = self._schema.error_log  # a sequence, whatever its type stub says
            found = log[0]
        raise DocumentError(_sentence(found.message or ""), found.line or None)


@cache
def schema(name: str) -> Schema:
    """The schema of that file name, without `.xsd`."""
    return Schema(name)


def _sentence(said: str) -> str:
    """libxml2's finding, retold without namespaces and at a length that can be read."""
    said = re.sub(r"\{[^{}\s']*[:/][^{}\s']*\}", "", said).strip()
    parts = re.match(r"Element '([^']*)'(?:, attribute '([^']*)')?: (.*)", said, re.DOTALL)
    if not parts:
        return _short(said)
    element, attribute, reason = split_tag(parts[1])[1], parts[2], parts[3]
    where = f"The attribute {attribute[:100]} of {element}" if attribute else element
    for pattern, told in _RETOLD:
        if found := re.match(pattern, reason, re.DOTALL):
            words = {"element": element, "where": where}
            words |= {name: _worded(name, text or "") for name, text in found.groupdict().items()}
            return told.format(**words)
    return _short(f"{where}: {reason}")


_RETOLD = (
    (r"This element is not expected\. Expected is (?:one of )?\( (?P<names>.*) \)\.",
     "The element {element} is not allowed here; expected is {names}."),
    (r"This element is not expected\.", "The element {element} is not allowed here."),
    (r"Missing child element\(s\)\. Expected is (?:one of )?\( (?P<names>.*) \)\.",
     "{element} is not complete: {names} is missing."),
    (r"Missing child element\(s\)\.", "{element} is not complete: it is empty."),
    (r"'(?P<value>.*)' is not a valid value of the (?:atomic|local|union|list)? ?type '(?P<kind>xs:\w+)'\.",
     '{where} is "{value}"; it has to be {kind}.'),
    (r"'(?P<value>.*)' is not a valid value of the .*type.*\.", '{where} is "{value}", which is not allowed.'),
    (r"\[facet 'enumeration'\] The value '(?P<value>.*)' is not an element of the set \{(?P<names>.*)\}\.",
     '{where} is "{value}"; it has to be {names}.'),
    (r"\[facet 'pattern'\] The value '(?P<value>.*)' is not accepted by the pattern '(?P<pattern>[^']*)'\.",
     '{where} is "{value}"; it has to {pattern}.'),
    (r"\[facet 'minLength'\]", "{where} is empty."),
    (r"\[facet 'minInclusive'\] The value '(?P<value>.*)' is less than the minimum value allowed \('(?P<limit>.*)'\)\.",
     "{where} is {value}; it has to be {limit} or more."),
    (r"\[facet 'maxInclusive'\] The value '(?P<value>.*)' is greater than the maximum value allowed "
     r"\('(?P<limit>.*)'\)\.",
     "{where} is {value}; it has to be {limit} or less."),
    (r"\[facet 'totalDigits'\] The value '(?P<value>.*)' has more digits than are allowed \('(?P<limit>.*)'\)\.",
     "{where} has more than {limit} digits."),
    (r"Character content (?:other than whitespace )?is not allowed", "Text is not allowed directly in {element}."),
    (r"Element content is not allowed", "Elements are not allowed in {element}, only text."),
    (r"The attribute '(?P<name>[^']*)' is required but missing\.", "{element} needs the attribute {name}."),
    (r"The attribute '(?P<name>[^']*)' is not allowed\.", "The attribute {name} is not allowed on {element}."),
)  # fmt: skip


def _worded(group: str, text: str) -> str:
    if group == "names":
        names = [name.strip().strip("'") for name in text.split(",")]
        return _short(" or ".join(names))
    if group == "kind":
        return _KINDS.get(text, "of another form")
    if group == "pattern":
        return _PATTERNS.get(text, "have another form")
    return text[:100]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
