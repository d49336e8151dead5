"""Values in JavaScript: where in a script a placeholder stands, and how a value is written there."""

import json
import re
from collections.abc import Callable, Generator, Iterator

# What can begin something in code that is not simply code.
_NEXT = re.compile(r"""["'`]|//|/\*|<!--|[/{}]|\$\{""")
_STRING = {mark: re.compile(rf"(?:\\.|[^{mark}\\\n\r])*{mark}?", re.DOTALL) for mark in "\"'"}
_LINE = re.compile("[^\n\r\u2028\u2029]*")
_BLOCK = re.compile(r".*?(?:\*/|\Z)", re.DOTALL)
# Bounded, or a script of half patterns would be searched to its end from each of them.
_REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n]){0,300}\]|[^/\\\[\n]){1,1000}/")
_TEMPLATE = re.compile(r"\\.|`|\$\{", re.DOTALL)
# A slash after one of these begins a pattern; after anything else it divides.
_BEFORE_PATTERN = re.compile(
    r"(?:^|[(,=:\[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|delete|void|throw|new|else|do))\s*$"
)
_JSON_STRING = re.compile(r'"(?:\\.|[^"\\])*"')

Hole = tuple[re.Match[str], Callable[[str], str]]


def placeholders_in_script(page: str, start: int, end: int, placeholder: re.Pattern[str]) -> Iterator[Hole]:
    """Each placeholder of the script in page[start:end], with how a value is written there.

    Telling strings from code takes a guess at slashes, as in every reader that is no full parser. A wrong guess leaves
    a script that does not work, never one that runs a value: what comes from inside of a value's strings is letters,
    digits, blanks and characters by number, in either place.
    """
    script = page[:end]
    at = start
    # One entry for each template literal we are inside of: how many braces are open in its ${…}.
    templates: list[int] = []
    while found := _NEXT.search(script, at):
        mark, at = found[0], found.end()
        if mark in ('"', "'"):
            at = yield from _whole(script, at, _STRING[mark], placeholder)
        elif mark in ("//", "<!--"):
            at = yield from _whole(script, at, _LINE, placeholder)
        elif mark == "/*":
            at = yield from _whole(script, at, _BLOCK, placeholder)
        elif mark == "/":
            pattern = _REGEX.match(script, found.start())
            if pattern and _BEFORE_PATTERN.search(script[max(start, found.start() - 40) : found.start()]):
                at = yield from _whole(script, found.start(), _REGEX, placeholder)
        elif mark == "${":
            if hole := placeholder.match(script, found.start()):
                yield hole, script_value
                at = hole.end()
            elif templates:
                templates[-1] += 1
        elif mark == "{":
            if templates:
                templates[-1] += 1
        elif mark == "}":
            if templates:
                templates[-1] -= 1
                if templates[-1] == 0:
                    at = yield from _template(script, at, templates, placeholder)
        else:
            templates.append(0)
            at = yield from _template(script, at, templates, placeholder)


def _whole(script: str, at: int, rest: re.Pattern[str], placeholder: re.Pattern[str]) -> Generator[Hole, None, int]:
    """A string, comment or pattern that ends where `rest` says; returns that place."""
    found = rest.match(script, at)
    end = found.end() if found else at
    for hole in placeholder.finditer(script, at, end):
        yield hole, script_text
    return end


def _template(script: str, at: int, templates: list[int], placeholder: re.Pattern[str]) -> Generator[Hole, None, int]:
    """The text of a template literal up to its end or to code in it; returns where that is."""
    while found := _TEMPLATE.search(script, at):
        at = found.end()
        if found[0] == "`":
            templates.pop()
            break
        if found[0] == "${":
            hole = placeholder.match(script, found.start())
            if hole is None:
                templates[-1] = 1
                break
            yield hole, script_text
            at = hole.end()
    else:
        templates.pop()
        at = len(script)
    return at


def script_text(value: str) -> str:
    """A value between the quotes of a string: everything but letters, digits and blanks by number."""
    return "".join(_character(character) for character in value)


def script_value(value: str) -> str:
    """A value that stands for itself: JSON as it is, anything else as a string."""
    text = value.strip()
    try:
        json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return f'"{script_text(value)}"'
    text = _JSON_STRING.sub(lambda found: f'"{script_text(json.loads(found[0], strict=False))}"', text)
    # On one line, so that it stays within a comment of one; a blank, so that no sign meets another.
    return " " + re.sub(r"\s+", " ", text) if text.startswith("-") else re.sub(r"\s+", " ", text)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _character(character: str) -> str:
    number = ord(character)
    if character.isascii():
        return character if character.isalnum() or character in " _" else f"\\u{number:04x}"
    if number > 0xFFFF:
        return character
    # Line ends that JavaScript knows besides the usual ones, and half characters.
    return f"\\u{number:04x}" if number in (0x85, 0x2028, 0x2029) or 0xD800 <= number <= 0xDFFF else character
