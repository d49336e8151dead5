"""Arithmetic that the marketplace and the dashboard share. Pure, no Django.

Fees (all money is Decimal US dollars). Source: the pricing page (20 % of reward and bonus; another 20 % of the reward
from 10 assignments on; 5 % for Masters; at least one cent), rounded half up per assignment and then multiplied, never
the other way round.

Review policies: known answers and agreement between workers. Source: api, chapter Review Policies (5173-5520).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol

CENT = Decimal("0.01")
MASTERS_TYPES = frozenset({"2F1QJWKUDD8XADTFD2Q0G6UTO95ALH", "2ARFPLSP75KLA8M8DH1HTEQVJT3SY6"})

KNOWN_ANSWERS = "ScoreMyKnownAnswers/2011-09-01"
PLURALITY = "SimplePlurality/2011-09-01"
LONGEST_COMPARED = 256  # characters of an answer that workers can agree on (api:5390)
LONGEST_QUESTION_ID = 255  # bytes
LONGEST_REASON = 1024  # characters, as of any feedback
MOST_QUESTIONS = 1000  # of one policy, so that no policy makes a submission slow
MOST_ASSIGNMENTS = 1_000_000_000
YEAR = 31_536_000  # seconds

Values = frozenset[str]
NOTHING: Values = frozenset()
_WHOLE = re.compile("[0-9]{1,10}")
# The reference's table says QuestionIds, its examples QuestionIDs.
_SPELLINGS = {"QuestionIDs": "QuestionIds"}


@dataclass(frozen=True, slots=True)
class FeeRates:
    """Rates as fractions of the reward or bonus; `minimum` in dollars per assignment or bonus."""

    base: Decimal = Decimal("0.20")
    many_assignments: Decimal = Decimal("0.20")
    many_from: int = 10
    masters: Decimal = Decimal("0.05")
    bonus: Decimal = Decimal("0.20")
    minimum: Decimal = CENT


RATES = FeeRates()


def to_cents(amount: Decimal) -> Decimal:
    """Round half up to the cent: 0.104 is 0.10 and 0.105 is 0.11."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def assignment_fee(
    reward: Decimal, *, max_assignments: int = 1, masters: bool = False, rates: FeeRates = RATES
) -> Decimal:
    """What the marketplace takes for one approved assignment, on top of its reward."""
    rate = rates.base
    if max_assignments >= rates.many_from:
        rate += rates.many_assignments
    if masters:
        rate += rates.masters
    return max(to_cents(reward * rate), rates.minimum)


def assignment_cost(
    reward: Decimal, *, max_assignments: int = 1, masters: bool = False, rates: FeeRates = RATES
) -> Decimal:
    """Reward and fee of one assignment."""
    return reward + assignment_fee(reward, max_assignments=max_assignments, masters=masters, rates=rates)


def bonus_fee(amount: Decimal, *, rates: FeeRates = RATES) -> Decimal:
    """What the marketplace takes for one bonus, on top of it."""
    return max(to_cents(amount * rates.bonus), rates.minimum)


def bonus_cost(amount: Decimal, *, rates: FeeRates = RATES) -> Decimal:
    """A bonus and its fee."""
    return amount + bonus_fee(amount, rates=rates)


def asks_for_masters(requirements: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a list of QualificationRequirement structures makes the Masters surcharge due."""
    return any(
        requirement.get("QualificationTypeId") in MASTERS_TYPES and requirement.get("Comparator") != "DoesNotExist"
        for requirement in requirements
    )


class PolicyError(ValueError):
    """A review policy that cannot be used; the message says what is wrong with it and what would be right."""


class Answered(Protocol):
    """An answer to one question, as documents.Answer is."""

    @property
    def question_identifier(self) -> str: ...
    @property
    def free_text(self) -> str | None: ...
    @property
    def selection_identifiers(self) -> tuple[str, ...]: ...
    @property
    def other_selection(self) -> str | None: ...


def values(texts: Iterable[str]) -> Values:
    """Texts as they are compared: split at `|` (how a field that was posted twice arrives), blanks around dropped."""
    parts = (part.strip() for text in texts for part in text.split("|"))
    return frozenset(part for part in parts if part)


def answer_values(answers: Iterable[Answered]) -> dict[str, Values]:
    """What one worker answered to each question; a question without an answer is not in it."""
    texts: dict[str, list[str]] = {}
    for answer in answers:
        given = [*answer.selection_identifiers, answer.free_text or "", answer.other_selection or ""]
        texts.setdefault(answer.question_identifier, []).extend(given)
    return {question: values(given) for question, given in texts.items()}


def as_text(value: Values) -> str:
    """A set of values as one text, the same for the same set."""
    return "|".join(sorted(value))


def percentage(part: int, whole: int) -> int:
    """Whole percent, cut: two of three are 66."""
    return part * 100 // whole


@dataclass(frozen=True, slots=True)
class KnownAnswers:
    """ScoreMyKnownAnswers/2011-09-01: one assignment against answers the requester knows. Thresholds are percent."""

    key: Mapping[str, Values]
    approve_at_least: int | None = None
    approve_reason: str = ""
    reject_below: int | None = None
    reject_reason: str = ""
    extend_below: int | None = None
    extend_maximum: int = 5
    extend_seconds: int = 0

    def correct(self, answered: Mapping[str, Values]) -> dict[str, bool]:
        """Whether each known question was answered with exactly the known values; none known means none wanted."""
        return {question: answered.get(question, NOTHING) == known for question, known in self.key.items()}

    def score(self, answered: Mapping[str, Values]) -> int:
        """KnownAnswerScore: how many percent of the known questions were answered correctly."""
        return percentage(sum(self.correct(answered).values()), len(self.key))


@dataclass(frozen=True, slots=True)
class QuestionAgreement:
    """What workers agreed on about one question; `value` and `score` (percent) are None if on nothing."""

    value: Values | None = None
    score: int | None = None


@dataclass(frozen=True, slots=True)
class WorkerAgreement:
    """How many agreed answers a worker gave and did not give; `score` in percent, None without any to compare."""

    agreed: int
    disagreed: int

    @property
    def score(self) -> int | None:
        compared = self.agreed + self.disagreed
        return percentage(self.agreed, compared) if compared else None


@dataclass(frozen=True, slots=True)
class Agreement:
    """What SimplePlurality finds in the answers to one HIT; `score` is the HIT's, in percent."""

    questions: Mapping[str, QuestionAgreement]
    workers: Mapping[Any, WorkerAgreement]
    score: int


@dataclass(frozen=True, slots=True)
class Plurality:
    """SimplePlurality/2011-09-01: the answers of all workers of a HIT against each other. Thresholds are percent."""

    question_ids: tuple[str, ...]
    threshold: int
    disregard_rejected: bool = False
    disregard_below: int | None = None
    extend_below: int | None = None
    extend_maximum: int = 0
    extend_seconds: int = 0
    approve_at_least: int | None = None
    reject_below: int | None = None
    reject_reason: str = ""

    def counts(self, *, rejected: bool, known_score: int | None) -> bool:
        """Whether an assignment takes part, given whether it was rejected and its KnownAnswerScore, if it has one."""
        if rejected and self.disregard_rejected:
            return False
        return self.disregard_below is None or known_score is None or known_score >= self.disregard_below

    def judge(self, answers: Mapping[Any, Mapping[str, Values]]) -> Agreement:
        """Who agrees with whom. `answers`: for each worker (any key) what `answer_values` gives.

        A question nobody's answer to can be used is not evaluated; nothing evaluated is an agreement of 0.
        """
        usable = {
            question: {
                worker: given.get(question, NOTHING)
                for worker, given in answers.items()
                if len(as_text(given.get(question, NOTHING))) <= LONGEST_COMPARED
            }
            for question in self.question_ids
        }
        questions = {question: self._agreed(list(given.values())) for question, given in usable.items()}
        agreed = {question: found.value for question, found in questions.items() if found.value is not None}
        workers: dict[Any, WorkerAgreement] = {}
        for worker in answers:
            compared = [
                usable[question][worker] == value for question, value in agreed.items() if worker in usable[question]
            ]
            workers[worker] = WorkerAgreement(agreed=sum(compared), disagreed=len(compared) - sum(compared))
        evaluated = sum(1 for given in usable.values() if given)
        return Agreement(questions, workers, percentage(len(agreed), evaluated) if evaluated else 0)

    def _agreed(self, given: list[Values]) -> QuestionAgreement:
        most = Counter(given).most_common(2)
        if not most or (len(most) == 2 and most[0][1] == most[1][1]):
            return QuestionAgreement()
        score = percentage(most[0][1], len(given))
        # "Greater than": but the reference's own examples ask for 100 where all have to agree.
        if score > self.threshold or score == self.threshold == 100:
            return QuestionAgreement(most[0][0], score)
        return QuestionAgreement()


def known_answers(policy: Mapping[str, Any]) -> KnownAnswers:
    """The policy of an AssignmentReviewPolicy structure (api:5262); PolicyError if it is none."""
    given = _Parameters(
        policy,
        "AssignmentReviewPolicy",
        KNOWN_ANSWERS,
        (
            "AnswerKey",
            "ApproveIfKnownAnswerScoreIsAtLeast",
            "ApproveReason",
            "RejectIfKnownAnswerScoreIsLessThan",
            "RejectReason",
            "ExtendIfKnownAnswerScoreIsLessThan",
            "ExtendMaximumAssignments",
            "ExtendMinimumTimeInSeconds",
        ),
    )
    return KnownAnswers(
        key=given.answer_key("AnswerKey"),
        approve_at_least=given.number("ApproveIfKnownAnswerScoreIsAtLeast", 0, 101),
        approve_reason=given.reason("ApproveReason"),
        reject_below=given.number("RejectIfKnownAnswerScoreIsLessThan", 0, 101),
        reject_reason=given.reason("RejectReason"),
        extend_below=given.number("ExtendIfKnownAnswerScoreIsLessThan", 0, 101),
        extend_maximum=given.number("ExtendMaximumAssignments", 2, 25) or 5,
        extend_seconds=given.number("ExtendMinimumTimeInSeconds", 60, YEAR) or 0,
    )


def plurality(policy: Mapping[str, Any]) -> Plurality:
    """The policy of a HITReviewPolicy structure (api:5402); PolicyError if it is none."""
    given = _Parameters(
        policy,
        "HITReviewPolicy",
        PLURALITY,
        (
            "QuestionIds",
            "QuestionAgreementThreshold",
            "DisregardAssignmentIfRejected",
            "DisregardAssignmentIfKnownAnswerScoreIsLessThan",
            "ExtendIfHITAgreementScoreIsLessThan",
            "ExtendMaximumAssignments",
            "ExtendMinimumTimeInSeconds",
            "ApproveIfWorkerAgreementScoreIsAtLeast",
            "RejectIfWorkerAgreementScoreIsLessThan",
            "RejectReason",
        ),
    )
    extend_below = given.number("ExtendIfHITAgreementScoreIsLessThan", 1, 100)
    extend_maximum = given.number("ExtendMaximumAssignments", 1, MOST_ASSIGNMENTS)
    if extend_below is not None and extend_maximum is None:
        raise given.wrong("ExtendMaximumAssignments", "is missing; ExtendIfHITAgreementScoreIsLessThan needs it")
    threshold = given.number("QuestionAgreementThreshold", 0, 101)
    if threshold is None:
        raise given.wrong("QuestionAgreementThreshold", "is missing")
    return Plurality(
        question_ids=given.questions("QuestionIds"),
        threshold=threshold,
        disregard_rejected=given.flag("DisregardAssignmentIfRejected"),
        disregard_below=given.number("DisregardAssignmentIfKnownAnswerScoreIsLessThan", 0, 101),
        extend_below=extend_below,
        extend_maximum=extend_maximum or 0,
        extend_seconds=given.number("ExtendMinimumTimeInSeconds", 60, YEAR) or 0,
        approve_at_least=given.number("ApproveIfWorkerAgreementScoreIsAtLeast", 0, 101),
        reject_below=given.number("RejectIfWorkerAgreementScoreIsLessThan", 0, 101),
        reject_reason=given.reason("RejectReason"),
    )


class _Parameters:
    """The parameters of a ReviewPolicy structure, read by name."""

    def __init__(self, policy: Mapping[str, Any], member: str, name: str, allowed: tuple[str, ...]) -> None:
        self.name = name
        if policy.get("PolicyName") != name:
            raise PolicyError(
                f'The value "{str(policy.get("PolicyName"))[:100]}" is not valid for the PolicyName of {member}. '
                f"The policy there is {name}."
            )
        self.given: dict[str, Mapping[str, Any]] = {}
        for parameter in policy.get("Parameters") or []:
            key = _SPELLINGS.get(parameter.get("Key") or "", parameter.get("Key") or "")
            if key not in allowed:
                raise self.wrong(key[:100], f"is not known. Its parameters are {', '.join(allowed)}")
            if key in self.given:
                raise self.wrong(key, "is given twice")
            if parameter.get("MapEntries") and key != "AnswerKey":
                raise self.wrong(key, "takes Values, not MapEntries")
            self.given[key] = parameter

    def wrong(self, key: str, what: str) -> PolicyError:
        return PolicyError(f"The parameter {key} of the review policy {self.name} {what}.")

    def value(self, key: str) -> str | None:
        """The one value of a parameter, or None where it is not given."""
        if key not in self.given:
            return None
        found = self.given[key].get("Values") or []
        if len(found) != 1:
            raise self.wrong(key, f"has {len(found)} Values; it needs exactly one")
        return str(found[0]).strip()

    def number(self, key: str, least: int, most: int) -> int | None:
        text = self.value(key)
        if text is None:
            return None
        if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
            raise self.wrong(key, f'is "{text[:40]}"; it must be a whole number from {least} to {most}')
        return int(text)

    def flag(self, key: str) -> bool:
        text = (self.value(key) or "F").upper()
        if text not in {"T", "F", "TRUE", "FALSE"}:
            raise self.wrong(key, f'is "{text[:40]}"; it must be T or F')
        return text in {"T", "TRUE"}

    def reason(self, key: str) -> str:
        text = self.value(key) or ""
        if len(text) > LONGEST_REASON:
            raise self.wrong(key, f"has {len(text)} characters; it can have at most {LONGEST_REASON}")
        return text

    def questions(self, key: str) -> tuple[str, ...]:
        """QuestionIds, in several values or in one with commas; each once."""
        texts = self.given.get(key, {}).get("Values") or []
        found = dict.fromkeys(part.strip() for text in texts for part in text.split(",") if part.strip())
        if not found:
            raise self.wrong(key, "is missing; it names the questions to compare")
        self._bounded(key, found)
        return tuple(found)

    def answer_key(self, key: str) -> dict[str, Values]:
        entries = self.given.get(key, {}).get("MapEntries") or []
        if not entries:
            raise self.wrong(key, "is missing; its MapEntries are the questions with known answers")
        if self.given[key].get("Values"):
            raise self.wrong(key, "takes MapEntries, not Values")
        found = {(entry.get("Key") or "").strip(): values(entry.get("Values") or []) for entry in entries}
        if len(found) != len(entries):
            raise self.wrong(key, "has the same question twice")
        if "" in found:
            raise self.wrong(key, "has an entry without a Key, which is the QuestionId")
        self._bounded(key, found)
        return found

    def _bounded(self, key: str, questions: Collection[str]) -> None:
        if len(questions) > MOST_QUESTIONS:
            raise self.wrong(key, f"has {len(questions)} questions; it can have at most {MOST_QUESTIONS}")
        if longest := next((name for name in questions if len(name.encode()) > LONGEST_QUESTION_ID), None):
            raise self.wrong(key, f'has the QuestionId "{longest[:40]}…" of more than {LONGEST_QUESTION_ID} bytes')
