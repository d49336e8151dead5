"""A test as a form holds it: everything as it was typed, so that nothing is lost while it is not yet right. Pure.

Names of the form: `q<n>-<field>` for questions, `q<n>o<m>-<field>` for what can be chosen, `r<n>-<field>` for ranges,
each counted from 0 in the order shown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

MOST_QUESTIONS, MOST_OPTIONS, MOST_RANGES = 100, 50, 50
LONGEST = 20_000

#: kind -> what the page calls it.
KINDS = {
    "one": "One of several answers",
    "several": "Several of the answers",
    "text": "Words",
    "number": "A number",
}
STYLES = {
    "": "As MTurk likes",
    "radiobutton": "Buttons",
    "dropdown": "Drop-down",
    "list": "List",
    "checkbox": "Tick boxes",
    "multichooser": "List of many",
    "combobox": "List with own words",
}
MAPPINGS = {
    "": "The sum itself",
    "percentage": "Percent of a best sum",
    "scale": "The sum times a factor",
    "range": "A value for each range of sums",
}
_NAME = re.compile(r"(?:q(\d{1,3})(?:o(\d{1,3}))?|r(\d{1,3}))-([a-z_]+)")


@dataclass(slots=True)
class DraftOption:
    """Something that can be chosen. `score` counts where one is chosen, `right` where several are."""

    identifier: str = ""
    text: str = ""
    picture: str = ""
    score: str = ""
    right: str = ""


@dataclass(slots=True)
class DraftQuestion:
    """One question. `score` is what exactly the right choices give, `otherwise` what everything else gives."""

    identifier: str = ""
    kind: str = "one"
    title: str = ""
    text: str = ""
    picture: str = ""
    required: str = ""
    style: str = ""
    least: str = ""
    most: str = ""
    min_length: str = ""
    max_length: str = ""
    min_value: str = ""
    max_value: str = ""
    lines: str = ""
    prefilled: str = ""
    score: str = ""
    otherwise: str = ""
    options: list[DraftOption] = field(default_factory=list)

    @property
    def is_choice(self) -> bool:
        return self.kind in ("one", "several")


@dataclass(slots=True)
class DraftRange:
    low: str = ""
    high: str = ""
    value: str = ""


@dataclass(slots=True)
class Draft:
    """A whole test and its key. `mapping` is one of MAPPINGS."""

    title: str = ""
    text: str = ""
    questions: list[DraftQuestion] = field(default_factory=list)
    mapping: str = ""
    maximum: str = ""
    multiplier: str = ""
    out_of_range: str = ""
    ranges: list[DraftRange] = field(default_factory=list)

    @property
    def has_scores(self) -> bool:
        return any(question.is_choice and _scored(question) for question in self.questions)


def _scored(question: DraftQuestion) -> bool:
    if question.kind == "several":
        return any(option.right for option in question.options)
    return any(option.score.strip() for option in question.options)


_QUESTION_FIELDS = {item.name for item in fields(DraftQuestion)} - {"options"}
_OPTION_FIELDS = {item.name for item in fields(DraftOption)}
_RANGE_FIELDS = {item.name for item in fields(DraftRange)}
_OWN_FIELDS = ("title", "text", "mapping", "maximum", "multiplier", "out_of_range")


def new_draft() -> Draft:
    """What the builder begins with: one question with two answers."""
    draft = Draft(mapping="percentage", maximum="100")
    add_question(draft)
    return draft


def from_post(posted: Mapping[str, str]) -> Draft:
    """The draft a form posted, whatever is in it; names that mean nothing are left out."""
    draft = Draft()
    for name in _OWN_FIELDS:
        setattr(draft, name, _bounded(posted.get(f"test-{name}", "")))
    questions: dict[int, DraftQuestion] = {}
    options: dict[int, dict[int, DraftOption]] = {}
    ranges: dict[int, DraftRange] = {}
    for name, value in posted.items():
        if not (found := _NAME.fullmatch(name)):
            continue
        question, option, number, member = found.groups()
        value = _bounded(value)
        if number is not None and member in _RANGE_FIELDS:
            setattr(ranges.setdefault(int(number), DraftRange()), member, value)
        elif option is not None and member in _OPTION_FIELDS:
            its = options.setdefault(int(question), {})
            setattr(its.setdefault(int(option), DraftOption()), member, value)
        elif question is not None and option is None and member in _QUESTION_FIELDS:
            setattr(questions.setdefault(int(question), DraftQuestion()), member, value)
    for place in sorted(questions)[:MOST_QUESTIONS]:
        question_row = questions[place]
        question_row.kind = question_row.kind if question_row.kind in KINDS else "one"
        question_row.options = [options[place][at] for at in sorted(options.get(place, {}))][:MOST_OPTIONS]
        draft.questions.append(question_row)
    draft.ranges = [ranges[at] for at in sorted(ranges)][:MOST_RANGES]
    draft.mapping = draft.mapping if draft.mapping in MAPPINGS else ""
    _name_all(draft)
    return draft


def _bounded(value: str) -> str:
    return value.replace("\r\n", "\n")[:LONGEST]


# --- what the buttons of the form do -------------------------------------------------------------------------------


def act(draft: Draft, action: str) -> bool:
    """Carry out a button: add-question, copy-2, remove-2, up-2, down-2, add-option-2, remove-option-2-0, up-option-2-1,
    add-range, remove-range-0. False where it is none of these, or what it names is not there."""
    name, numbers = _split(action)
    try:
        if name == "add-question":
            add_question(draft)
        elif name == "copy" and len(draft.questions) < MOST_QUESTIONS:
            _copy(draft, numbers[0])
        elif name == "remove":
            del draft.questions[numbers[0]]
        elif name in ("up", "down"):
            _move(draft.questions, numbers[0], -1 if name == "up" else 1)
        elif name == "add-option":
            _add_option(draft.questions[numbers[0]])
        elif name == "remove-option":
            del draft.questions[numbers[0]].options[numbers[1]]
        elif name == "up-option":
            _move(draft.questions[numbers[0]].options, numbers[1], -1)
        elif name == "add-range":
            if len(draft.ranges) < MOST_RANGES:
                draft.ranges.append(DraftRange())
        elif name == "remove-range":
            del draft.ranges[numbers[0]]
        else:
            return False
    except IndexError:
        return False
    _name_all(draft)
    return True


def _split(action: str) -> tuple[str, list[int]]:
    parts = action.split("-")
    numbers: list[int] = []
    while parts and re.fullmatch(r"\d{1,3}", parts[-1]):
        numbers.insert(0, int(parts.pop()))
    return "-".join(parts), numbers


def add_question(draft: Draft) -> None:
    if len(draft.questions) < MOST_QUESTIONS:
        draft.questions.append(DraftQuestion(required="on", options=[DraftOption(), DraftOption()]))
        _name_all(draft)


def _add_option(question: DraftQuestion) -> None:
    if len(question.options) < MOST_OPTIONS:
        question.options.append(DraftOption())


def _copy(draft: Draft, place: int) -> None:
    old = draft.questions[place]
    values = {name: getattr(old, name) for name in _QUESTION_FIELDS}
    copied = DraftQuestion(**{**values, "identifier": ""})
    copied.options = [DraftOption(**{name: getattr(option, name) for name in _OPTION_FIELDS}) for option in old.options]
    draft.questions.insert(place + 1, copied)


def _move(rows: list, place: int, by: int) -> None:
    if 0 <= place < len(rows) and 0 <= place + by < len(rows):
        rows[place], rows[place + by] = rows[place + by], rows[place]


def _name_all(draft: Draft) -> None:
    """Whatever has no identifier gets one; those there are stay, since answers that exist refer to them."""
    taken = {question.identifier.strip() for question in draft.questions}
    for question in draft.questions:
        if not question.identifier.strip():
            question.identifier = _free("q", taken)
        if not question.is_choice:
            continue
        if not question.options:
            question.options = [DraftOption(), DraftOption()]
        its = {option.identifier.strip() for option in question.options}
        for option in question.options:
            if not option.identifier.strip():
                option.identifier = _free("a", its)


def _free(letter: str, taken: set[str]) -> str:
    number = next(number for number in range(1, len(taken) + 2) if f"{letter}{number}" not in taken)
    taken.add(f"{letter}{number}")
    return f"{letter}{number}"
