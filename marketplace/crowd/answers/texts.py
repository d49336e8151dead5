"""Texts that fit: lengths, kinds of input, patterns; and how differently people write the same thing."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from marketplace.documents.patterns import MOST_PARTS, matches, parts

PATTERN_SECONDS = 0.05
CHARACTER_SECONDS = 0.01
LONGEST = 20_000  # characters; who asks for more is not answered
LONGEST_PATTERN = 500
_TRIES = 6
_WORDS = ("I", "looked", "at", "all", "of", "it", "and", "wrote", "down", "what", "I", "saw")
_FIRST_DAY, _DAYS = date(2015, 1, 1), 4000


@dataclass(frozen=True)
class TextRules:
    """What a text field takes: lengths in characters, (pattern, ignores case, has to be the whole text), the type.

    `allowed` is the pattern of a single character, as crowd-input has it; `is_long` that
    there is room for sentences; `low` and `high` the bounds of a date or time.
    """

    kind: str = "text"
    least: int = 0
    most: int | None = None
    patterns: tuple[tuple[str, bool, bool], ...] = ()
    allowed: str = ""
    is_long: bool = False
    low: str = ""
    high: str = ""

    def fits(self, text: str) -> bool:
        """Whether a form would take it. A pattern that cannot be used, or takes too long, refuses nothing."""
        if not text or len(text) < self.least or (self.most is not None and len(text) > self.most):
            return False
        if self.kind in _EXAMPLES and not _SHAPES[self.kind].fullmatch(text):
            return False
        if self.kind in _TIMES and ((self.low and text < self.low) or (self.high and text > self.high)):
            return False
        return all(
            matches(pattern, text, seconds=PATTERN_SECONDS, ignores_case=ignores_case, whole=whole) is not False
            for pattern, ignores_case, whole in self.patterns
        )

    def fitting(self, wanted: list[str], rng: Random) -> str | None:
        """The first of these texts that fits, made longer or shorter where that helps; else one made up; else None."""
        if self.least > LONGEST or (self.most is not None and self.most < max(1, self.least)):
            return None
        for text in wanted:
            text = self._only_allowed(text)
            for candidate in (text, self._resized(text, rng)):
                if self.fits(candidate):
                    return candidate
        examples = _EXAMPLES.get(self.kind)
        for _ in range(_TRIES):
            made = [examples(self, rng)] if examples else []
            made += [made_from(pattern, rng) for pattern, _, _ in self.patterns[:3]]
            made += [rng.choice(_USUAL), str(rng.randrange(10 ** min(9, self.most or 9)))]
            for candidate in made:
                candidate = self._only_allowed(candidate)
                for text in (candidate, self._resized(candidate, rng)):
                    if self.fits(text):
                        return text
        return None

    def _resized(self, text: str, rng: Random) -> str:
        if len(text) < self.least:
            joint = " " if " " in text or not text else ""
            while len(text) < self.least:
                text = f"{text} {rng.choice(_WORDS)}".strip() if joint else text + text[-1]
        if self.most is not None and len(text) > self.most:
            cut = text[: self.most]
            text = cut[: cut.rfind(" ")] if " " in cut and cut.rfind(" ") >= max(1, self.least) else cut
        return text

    def _only_allowed(self, text: str) -> str:
        if not self.allowed or len(self.allowed) > LONGEST_PATTERN:
            return text
        kept = {}
        for character in set(text):  # one look at each different one
            kept[character] = matches(self.allowed, character, seconds=CHARACTER_SECONDS, whole=True)
            if kept[character] is None:
                return text
        return "".join(character for character in text if kept[character])


def styled(text: str, style: str, rng: Random) -> str:
    """The same, as somebody else would write it."""
    if style == "brief":
        return re.split(r"(?<=[.!?]) ", text)[0]
    if style == "chatty":
        return f"{text} {rng.choice(['Thank you for the task!', 'I hope that helps.', 'Have a nice day!'])}"
    if style == "sloppy" and len(text) > 3:
        at = rng.randrange(1, len(text) - 1)  # two letters change places
        return (text[:at] + text[at + 1] + text[at] + text[at + 2 :]).lower().rstrip(".")
    return text


# --- by the type of the input -----------------------------------------------------------------------------------------


def _day(rules: TextRules, rng: Random) -> date:
    first, last = _FIRST_DAY, _FIRST_DAY + timedelta(days=_DAYS)
    # A month or a moment begins with a day as well, or with as much of one as is needed to stay inside.
    low, high = _as_day(rules.low), _as_day(rules.high)
    if low is not None:
        first, last = low, max(last, low)
    if high is not None:
        last = high
        first = first if low is not None else min(first, high - timedelta(days=365))
    return first + timedelta(days=rng.randint(0, max(0, (last - first).days)))


def _as_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10] if len(text) >= 10 else f"{text[:7]}-01")
    except ValueError:
        return None


def _clock(rules: TextRules, rng: Random) -> str:
    at = f"{rng.randint(6, 22):02}:{rng.randrange(60):02}"
    return min(max(at, rules.low or at), rules.high or at) if len(rules.low) in (0, 5) else at


_EXAMPLES: dict[str, Any] = {
    "date": lambda rules, rng: _day(rules, rng).isoformat(),
    "month": lambda rules, rng: _day(rules, rng).isoformat()[:7],
    "week": lambda rules, rng: "{}-W{:02}".format(*_day(rules, rng).isocalendar()[:2]),
    "time": _clock,
    "datetime-local": lambda rules, rng: (
        f"{_day(rules, rng).isoformat()}T{rng.randint(0, 23):02}:{rng.randrange(60):02}"
    ),
    "email": lambda rules, rng: f"worker{rng.randrange(1000)}@example.org",
    "url": lambda rules, rng: f"https://www.example.org/page/{rng.randrange(1000)}",
    "tel": lambda rules, rng: f"555-01{rng.randrange(100):02}",
    "color": lambda rules, rng: f"#{rng.randrange(1 << 24):06x}",
}
_TIMES = {"date", "month", "week", "time", "datetime-local"}
_SHAPES = {
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "month": re.compile(r"\d{4}-\d\d"),
    "week": re.compile(r"\d{4}-W\d\d"),
    "time": re.compile(r"\d\d:\d\d(:\d\d)?"),
    "datetime-local": re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?"),
    "email": re.compile(r"[^@\s]+@[^@\s]+"),
    "url": re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+"),
    "tel": re.compile(r"[^\r\n]+"),
    "color": re.compile(r"#[0-9a-fA-F]{6}"),
}
_USUAL = (
    "12345",
    "7",
    "yes",
    "no",
    "2024-05-17",
    "05/17/2024",
    "worker@example.org",
    "https://www.example.org/",
    "abc",
)


# --- by the pattern ---------------------------------------------------------------------------------------------------

_SAMPLES = {"digit": "0123456789", "word": "abcdefghijklmnopqrstuvwxyz0123456789", "space": " "}
_PRINTABLE = [chr(code) for code in range(32, 127)]


def made_from(pattern: str, rng: Random) -> str:
    """A text made from a pattern, which mostly matches it; "" where the pattern cannot be read."""
    if len(pattern) > LONGEST_PATTERN or parts(pattern) > MOST_PARTS:
        return ""
    parser: Any = getattr(re, "_parser")  # noqa: B009  # what `re` itself reads patterns with
    made = _Made(rng)
    try:
        made.add(parser.parse(pattern), 0)
    except (re.error, RecursionError, OverflowError, ValueError, IndexError, KeyError):
        return ""
    return "".join(made.text)


class _Made:
    """The text so far. Looks around and conditions are ignored: whoever asked checks the result."""

    def __init__(self, rng: Random) -> None:
        self.rng, self.text, self.groups = rng, [], {}  # type: ignore[var-annotated]

    def add(self, parts: Any, depth: int) -> None:
        for what, given in parts:
            if len(self.text) > LONGEST or depth > 40:
                return
            name = str(what).lower()
            if name == "literal":
                self.text.append(chr(given))
            elif name == "not_literal":
                self.text.append(self.rng.choice([each for each in "abcx1 " if ord(each) != given]))
            elif name == "any":
                self.text.append(self.rng.choice(_SAMPLES["word"]))
            elif name == "in":
                self.text.append(self.one_of(given))
            elif name in ("max_repeat", "min_repeat", "possessive_repeat"):
                least, most, inner = given
                for _ in range(min(int(most), int(least) + self.rng.randint(0, 4), LONGEST)):
                    if len(self.text) > LONGEST:
                        return
                    self.add(inner, depth + 1)
            elif name == "branch":
                self.add(self.rng.choice(given[1]), depth + 1)
            elif name == "subpattern":
                start = len(self.text)
                self.add(given[-1], depth + 1)
                self.groups[given[0]] = self.text[start:]
            elif name == "atomic_group":
                self.add(given, depth + 1)
            elif name == "groupref":
                self.text += self.groups.get(given, [])

    def one_of(self, items: Any) -> str:
        refused = str(items[0][0]).lower() == "negate"
        found: list[str] = []
        for what, given in items:
            name = str(what).lower()
            if name == "literal":
                found.append(chr(given))
            elif name == "range":
                found += [chr(code) for code in range(given[0], min(given[1], given[0] + 200) + 1)]
            elif name == "category":
                kind = str(given).lower().removeprefix("category_")
                sample = _SAMPLES.get(kind.removeprefix("not_"), "a")
                found += (
                    [each for each in _PRINTABLE if each not in sample] if kind.startswith("not_") else list(sample)
                )
        if refused:
            found = [each for each in _PRINTABLE if each not in found]
        return self.rng.choice(found) if found else ""
