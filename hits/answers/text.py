"""Text from a stranger made safe to look at: nothing invisible, nothing that a database or an encoder refuses."""

import re

# Controls other than tab and newline, bidirectional overrides and isolates (they reorder what a reviewer reads), lone
# surrogates (JSON can carry them, UTF-8 cannot) and the non-characters. Joiners and LRM/RLM belong to honest scripts.
_ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]")


def shown(text: object, limit: int = 0) -> str:
    """`text` with every invisible or unencodable character written out as `[U+202E]`, cut to `limit` characters."""
    text = text if type(text) is str else _plain(text)
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _ODD.sub(_named, text) if _ODD.search(text) else text


def one_line(text: object, limit: int) -> str:
    """`text` on one line of at most `limit` characters."""
    # Cut before joining: splitting ten megabytes to show a hundred characters is what a hostile answer hopes for.
    line = " ".join(shown(text, limit * 4).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _named(match: re.Match[str]) -> str:
    return f"[U+{ord(match.group()):04X}]"


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return str(value)
    except ValueError:  # an integer of more digits than Python prints
        return "a number too long to show"
