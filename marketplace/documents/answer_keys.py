"""AnswerKey: which answers of a qualification test are worth what. Source: api:3817-3941."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Protocol

from .answers import Answer
from .questions import MAX_BYTES, SCHEMAS, AnswerKind, Question
from .safely import DocumentError, Element, read, split_tag
from .schemas import schema

NAMESPACE = f"{SCHEMAS}2005-10-01/AnswerKey.xsd"
# Qualification values are 32-bit integers on the wire.
_SMALLEST, _LARGEST = -(2**31), 2**31 - 1


class Mapping(Protocol):
    """How the sum of a test's scores becomes the value of the qualification."""

    def value(self, total: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Sum:
    """No mapping: the sum itself."""

    def value(self, total: int) -> int:
        return total


@dataclass(frozen=True, slots=True)
class Percentage:
    """What share of `maximum` was reached, in percent."""

    maximum: int

    def value(self, total: int) -> int:
        return _nearest(Decimal(total * 100) / self.maximum)


@dataclass(frozen=True, slots=True)
class Scale:
    """The sum times a factor, rounded as percentages are: a value is a whole number."""

    multiplier: Decimal

    def value(self, total: int) -> int:
        return _nearest(total * self.multiplier)


@dataclass(frozen=True, slots=True)
class Ranges:
    """(lower bound, upper bound, value), both bounds included; the first that holds the sum counts."""

    ranges: tuple[tuple[int, int, int], ...]
    otherwise: int

    def value(self, total: int) -> int:
        return next((value for lower, upper, value in self.ranges if lower <= total <= upper), self.otherwise)


@dataclass(frozen=True, slots=True)
class KeyQuestion:
    """What the answers to one question score: exactly these selections and no others, else `default`."""

    identifier: str
    options: tuple[tuple[frozenset[str], int], ...]
    default: int = 0

    def score(self, chosen: frozenset[str] | None) -> int:
        """`chosen` is None where the answer cannot match whatever was chosen, or is missing."""
        return next((score for selections, score in self.options if selections == chosen), self.default)


@dataclass(frozen=True, slots=True)
class AnswerKey:
    questions: tuple[KeyQuestion, ...]
    mapping: Mapping

    @property
    def question_ids(self) -> list[str]:
        return [question.identifier for question in self.questions]

    def score(self, answers: Iterable[Answer]) -> int:
        """The value a worker who gave these answers gets, within 32 bits.

        A question that was not answered scores its default, and so does one answered in words: a key can only match
        selections. Of a question answered more than once all selections count together.
        """
        chosen: dict[str, frozenset[str] | None] = {}
        for answer in answers:
            before = chosen.get(answer.question_identifier, frozenset())
            if before is None or answer.free_text is not None or (answer.other_selection or "").strip():
                chosen[answer.question_identifier] = None
            else:
                # As the key's own identifiers were read: without blanks around them.
                given = frozenset(" ".join(identifier.split()) for identifier in answer.selection_identifiers)
                chosen[answer.question_identifier] = before | given
        total = sum(question.score(chosen.get(question.identifier)) for question in self.questions)
        return min(max(self.mapping.value(total), _SMALLEST), _LARGEST)

    def check(self, test: Question) -> None:
        """DocumentError if that test cannot be graded by a key: it asks for words (api:3219, api:3388).

        That the key names what the test does not have is no reason: such keys were taken, and score nothing there.
        """
        for question in test.questions:
            if question.answer_kind is not AnswerKind.SELECTION:
                raise DocumentError(
                    f'A test with an answer key can only have multiple-choice questions; "{question.identifier[:100]}" '
                    f"asks for a {question.answer_kind}."
                )
            if question.has_other_selection:
                raise DocumentError(
                    "A test with an answer key cannot have an OtherSelection; the question "
                    f'"{question.identifier[:100]}" has one.'
                )


def parse_answer_key(text: str) -> AnswerKey:
    """Read an AnswerKey document of at most MAX_BYTES; DocumentError, with the line, where it is not one."""
    root = read(text, limit=MAX_BYTES, what="answer key")
    namespace, name = split_tag(root.tag)
    if name != "AnswerKey":
        raise DocumentError(f"The root element is {name}; it has to be AnswerKey.", root.sourceline)
    if namespace != NAMESPACE:
        raise DocumentError(
            f'The namespace of AnswerKey is "{namespace}"; it has to be "{NAMESPACE}".', root.sourceline
        )
    schema("AnswerKey-2005-10-01").check(root)
    questions = tuple(_question(element) for element in root.findall(_tag("Question")))
    seen: set[str] = set()
    for question in questions:
        if question.identifier in seen:
            raise DocumentError(f'The answer key has the question "{question.identifier[:100]}" more than once.')
        seen.add(question.identifier)
    mapping = root.find(_tag("QualificationValueMapping"))
    return AnswerKey(questions, Sum() if mapping is None else _mapping(mapping[0]))


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _text(parent: Element, name: str, default: str = "") -> str:
    return " ".join((parent.findtext(_tag(name)) or default).split())


def _question(element: Element) -> KeyQuestion:
    options = tuple(
        (
            frozenset(" ".join(child.text.split()) for child in option.findall(_tag("SelectionIdentifier"))),
            int(_text(option, "AnswerScore")),
        )
        for option in element.findall(_tag("AnswerOption"))
    )
    return KeyQuestion(_text(element, "QuestionIdentifier"), options, int(_text(element, "DefaultScore", "0")))


def _mapping(element: Element) -> Mapping:
    name = split_tag(element.tag)[1]
    if name == "PercentageMapping":
        return Percentage(int(_text(element, "MaximumSummedScore")))
    if name == "ScaleMapping":
        return Scale(Decimal(_text(element, "SummedScoreMultiplier")))
    ranges = tuple(_range(child) for child in element.findall(_tag("SummedScoreRange")))
    return Ranges(ranges, int(_text(element, "OutOfRangeQualificationValue")))


def _range(element: Element) -> tuple[int, int, int]:
    lower, upper = int(_text(element, "InclusiveLowerBound")), int(_text(element, "InclusiveUpperBound"))
    if lower > upper:
        raise DocumentError(
            f"A SummedScoreRange goes from {lower} to {upper}; its lower bound is above its upper one.",
            element.sourceline,
        )
    return lower, upper, int(_text(element, "QualificationValue"))


def _nearest(number: Decimal) -> int:
    """The nearest whole number, the higher of two equally near: 0.5 is 1, -0.5 is 0."""
    return int((number + Decimal("0.5")).to_integral_value(ROUND_FLOOR))
