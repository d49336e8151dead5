"""A QuestionForm as it is shown to a worker: its contents piece by piece, and what an answer has to be.

`form_items(text) -> list[Item]`, `problems(items, posted) -> {identifier: sentence}`. Source: api, sections
QuestionForm and AnswerSpecification. Nothing here is HTML yet: a FormattedContent is handed on as its author wrote it,
to be cleaned by whoever draws it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from .patterns import matches
from .questions import MAX_BYTES, Kind, read_question
from .safely import DocumentError, Element, read, split_tag

# A requester's pattern is a program too; one that backtracks for ever is stopped, and what it says is not asked.
PATTERN_SECONDS = 0.2
DEFAULT_ERROR = "Invalid input supplied."


@dataclass(slots=True)
class Block:
    """A piece of content. `kind`: title, text, list, image, audio, video, file, formatted, application.

    `text` is words (or XHTML for formatted), `items` those of a list, `url` and `alt` those of a binary.
    """

    kind: str
    text: str = ""
    items: list[str] = field(default_factory=list)
    url: str = ""
    alt: str = ""


@dataclass(slots=True)
class TextAnswer:
    """A text field and its constraints; lengths in characters, None where there is none."""

    default: str = ""
    lines: int = 1
    least: int | None = None
    most: int | None = None
    is_numeric: bool = False
    min_value: Decimal | None = None
    max_value: Decimal | None = None
    patterns: list[tuple[str, bool, str]] = field(default_factory=list)  # (regex, ignores case, error text)


@dataclass(slots=True)
class Choice:
    """One selection: its identifier and what the worker sees."""

    identifier: str
    content: Block


@dataclass(slots=True)
class SelectionAnswer:
    """Choices, how many may be taken, how they are best drawn, and a text field for another answer."""

    choices: list[Choice]
    least: int
    most: int
    style: str
    other: TextAnswer | None = None

    @property
    def is_single(self) -> bool:
        return self.most <= 1


@dataclass(slots=True)
class Item:
    """An Overview (no identifier) or a Question, in the order of the document."""

    blocks: list[Block]
    identifier: str = ""
    display_name: str = ""
    is_required: bool = False
    text_answer: TextAnswer | None = None
    selection_answer: SelectionAnswer | None = None

    @property
    def asks_for_file(self) -> bool:
        return bool(self.identifier) and self.text_answer is None and self.selection_answer is None


def form_items(text: str) -> list[Item]:
    """What a QuestionForm shows and asks; DocumentError where the document is no usable one."""
    root = read(text, limit=MAX_BYTES, what="question document")
    if read_question(root).kind is not Kind.QUESTION_FORM:
        raise DocumentError("This is no QuestionForm.")
    return [_overview(child) if _name(child) == "Overview" else _question(child) for child in root]


def problems(items: list[Item], posted: Mapping[str, list[str]]) -> dict[str, str]:
    """What is wrong with an answer, by QuestionIdentifier; empty if it can be handed in."""
    found = {}
    for item in items:
        values = [value for value in posted.get(item.identifier, []) if value != ""]
        if item.text_answer is not None:
            problem = _text_problem(item.text_answer, "".join(values[:1]), required=item.is_required)
        elif item.selection_answer is not None:
            problem = _selection_problem(item.selection_answer, values, required=item.is_required)
        else:
            problem = "This asks for a file, which cannot be handed in here." if item.is_required else ""
        if item.identifier and problem:
            found[item.identifier] = problem
    return found


def _text_problem(answer: TextAnswer, value: str, *, required: bool) -> str:
    if not value:
        # A least length is the same as being required (api:3298).
        return "Please answer this." if required or answer.least else ""
    if answer.least and len(value) < answer.least:
        return f"At least {answer.least} characters, please: these are {len(value)}."
    if answer.most is not None and len(value) > answer.most:
        return f"At most {answer.most} characters, please: these are {len(value)}."
    if answer.is_numeric:
        problem = _number_problem(answer, value)
        if problem:
            return problem
    for pattern, ignores_case, error in answer.patterns:
        if not _matches(pattern, ignores_case, value):
            return error or DEFAULT_ERROR
    return ""


def _number_problem(answer: TextAnswer, value: str) -> str:
    try:
        number = Decimal(value.strip()[:100])
    except InvalidOperation:
        return "This has to be a number."
    if not number.is_finite():
        return "This has to be a number."
    if answer.min_value is not None and number < answer.min_value:
        return f"This has to be {answer.min_value} or more."
    if answer.max_value is not None and number > answer.max_value:
        return f"This has to be {answer.max_value} or less."
    return ""


def _matches(pattern: str, ignores_case: bool, value: str) -> bool:
    # JavaScript's dialect differs a little; a worker does not pay for a pattern that cannot be used.
    return matches(pattern, value, ignores_case=ignores_case, seconds=PATTERN_SECONDS) is not False


def _selection_problem(answer: SelectionAnswer, values: list[str], *, required: bool) -> str:
    count = len(set(values))
    if not count:
        return "Please choose." if required else ""
    if count < answer.least:
        return f"Please choose at least {answer.least}."
    if count > answer.most:
        return "Please choose only one." if answer.is_single else f"Please choose at most {answer.most}."
    if answer.other is not None:
        offered = {choice.identifier for choice in answer.choices}
        for value in values:
            if value not in offered and (problem := _text_problem(answer.other, value, required=False)):
                return problem
    return ""


# --- reading ----------------------------------------------------------------------------------------------------------


def _name(element: Element) -> str:
    return split_tag(element.tag)[1]


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if _name(child) == name), None)


def _text(element: Element, name: str) -> str:
    child = _child(element, name)
    return "" if child is None else "".join(child.itertext()).strip()


def _whole(text: str, default: int | None = None) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else default


def _overview(element: Element) -> Item:
    return Item(_blocks(element))


def _question(element: Element) -> Item:
    content, specification = _child(element, "QuestionContent"), _child(element, "AnswerSpecification")
    item = Item(
        [] if content is None else _blocks(content),
        identifier=_text(element, "QuestionIdentifier"),
        display_name=_text(element, "DisplayName"),
        is_required=_text(element, "IsRequired") in {"true", "1"},
    )
    answer = None if specification is None or not len(specification) else specification[0]
    if answer is not None and _name(answer) == "FreeTextAnswer":
        item.text_answer = _text_answer(answer)
    elif answer is not None and _name(answer) == "SelectionAnswer":
        item.selection_answer = _selection_answer(answer)
    return item


def _text_answer(element: Element) -> TextAnswer:
    answer = TextAnswer(
        default=_text(element, "DefaultText"), lines=min(_whole(_text(element, "NumberOfLinesSuggestion"), 1) or 1, 40)
    )
    constraints = _child(element, "Constraints")
    for constraint in [] if constraints is None else constraints:
        name, given = _name(constraint), constraint.attrib
        if name == "Length":
            answer.least, answer.most = _whole(given.get("minLength", "")), _whole(given.get("maxLength", ""))
        elif name == "IsNumeric":
            answer.is_numeric = True
            answer.min_value, answer.max_value = _decimal(given.get("minValue")), _decimal(given.get("maxValue"))
        elif name == "AnswerFormatRegex":
            answer.patterns.append((given.get("regex", ""), "i" in given.get("flags", ""), given.get("errorText", "")))
    return answer


def _decimal(text: str | None) -> Decimal | None:
    try:
        number = Decimal((text or "").strip()[:100])
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _selection_answer(element: Element) -> SelectionAnswer:
    selections, choices, other = _child(element, "Selections"), [], None
    for child in [] if selections is None else selections:
        if _name(child) == "OtherSelection":
            other = _text_answer(child)
            continue
        contents = [_block(part) for part in child if _name(part) != "SelectionIdentifier"]
        identifier = _text(child, "SelectionIdentifier")
        choices.append(Choice(identifier, contents[0] if contents else Block("text", identifier)))
    most = _whole(_text(element, "MaxSelectionCount"), 1) or 1
    least = _whole(_text(element, "MinSelectionCount"), 1)
    return SelectionAnswer(
        choices, 1 if least is None else least, most, _text(element, "StyleSuggestion").lower(), other
    )


def _blocks(element: Element) -> list[Block]:
    return [_block(child) for child in element]


def _block(element: Element) -> Block:
    name = _name(element)
    if name == "Title":
        return Block("title", "".join(element.itertext()).strip())
    if name == "List":
        return Block("list", items=["".join(child.itertext()).strip() for child in element])
    if name == "FormattedContent":
        return Block("formatted", "".join(element.itertext()))
    if name in {"Binary", "EmbeddedBinary"}:
        return _binary(element, name)
    if name == "Application":
        return Block("application", "A program in Java or Flash, which browsers do not run any more.")
    return Block("text", "".join(element.itertext()).strip())


_KINDS = {"image": "image", "audio": "audio", "video": "video"}


def _binary(element: Element, name: str) -> Block:
    mime = _child(element, "MimeType" if name == "Binary" else "EmbeddedMimeType")
    kind = "" if mime is None else _text(mime, "Type").lower()
    url, alt = _text(element, "DataURL"), _text(element, "AltText")
    if not _is_web_address(url):
        return Block("text", alt or "(a file whose address cannot be used)")
    return Block(_KINDS.get(kind, "file"), url=url, alt=alt)


def _is_web_address(url: str) -> bool:
    try:
        return urlsplit(url).scheme.lower() in {"http", "https"}
    except ValueError:
        return False
