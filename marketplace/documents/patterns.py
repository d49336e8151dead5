"""Regular expressions that requesters write. A pattern is a program too: it is bounded before and while it is tried."""

import re

import regex

MOST_PARTS = 20_000  # of a pattern once its counted repeats are written out, as the library does in memory
_COUNT = re.compile(r"\{(\d*)(?:,\d*)?\}")
_SPECIAL = re.compile(r"\(\?[A-Za-z0-9]*[xV]")  # modes with other rules for reading; JavaScript has none of them


def matches(pattern: str, text: str, *, seconds: float, ignores_case: bool = False, whole: bool = False) -> bool | None:
    """Whether the text has it (or, with `whole`, is it); None where the pattern cannot be used or takes too long."""
    if parts(pattern) > MOST_PARTS or _SPECIAL.search(pattern):
        return None
    flags = regex.IGNORECASE if ignores_case else 0
    try:
        return bool((regex.fullmatch if whole else regex.search)(pattern, text, flags=flags, timeout=seconds))
    except (regex.error, TimeoutError, RecursionError, MemoryError, OverflowError, ValueError):
        return None


def parts(pattern: str) -> int:
    """About how many parts a pattern has, `(ab){9}` counting as 18: a few characters can stand for gigabytes."""
    sums, last, at = [0], 0, 0  # of each group that is open; the last part, which a count repeats
    while at < len(pattern):
        character = pattern[at]
        counted = _COUNT.match(pattern, at) if character == "{" else None
        if counted:
            more = max(1, int(counted[1][:9] or 0)) - 1
            sums[-1] += last * more
            last += last * more
            at = counted.end()
            if sums[-1] > MOST_PARTS:
                break
            continue
        if character == "(":
            end = pattern.find(")", at) if pattern.startswith("(?#", at) else at  # a comment, or a group
            sums += [0] if end == at else []
            at = end + 1 if end >= 0 else len(pattern)
            continue
        last = 1
        if character == ")" and len(sums) > 1:
            last += sums.pop()
        sums[-1] += last
        at = _after_class(pattern, at) if character == "[" else at + (2 if character == "\\" else 1)
    return sum(sums)


def _after_class(pattern: str, at: int) -> int:
    """The place behind `[…]`; a bracket at its beginning belongs to it."""
    at += 2 if pattern.startswith("[^", at) else 1
    at += pattern.startswith("]", at)
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1
