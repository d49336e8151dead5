"""A draft as the two documents of the API, or what has to be put right first. Pure."""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from marketplace import documents
from marketplace.documents.answer_keys import NAMESPACE as KEY_NAMESPACE
from marketplace.documents.questions import MAX_BYTES, SCHEMAS
from marketplace.documents.safely import UNWRITABLE
from qualifications.questions.draft import Draft, DraftOption, DraftQuestion

FORM_NAMESPACE = f"{SCHEMAS}2017-11-06/QuestionForm.xsd"
_LARGEST = 2**31 - 1
_NUMBER = re.compile(r"[+-]?\d{1,10}")
_ADDRESS = re.compile(r"https?://[^\s\"'<>]{3,2000}")

Problems = dict[str, str]


def problems(draft: Draft, *, keyed: bool, words: bool = False) -> Problems:
    """What has to be put right: field name -> sentence; `keyed` where an AnswerKey is wanted as well.

    `words`: a person marks it, so that questions without a choice may stand beside a key.
    """
    found: Problems = {}
    if not draft.questions:
        found["test-text"] = "A test needs a question."
    for name in ("title", "text"):
        _check_text(found, f"test-{name}", getattr(draft, name))
    seen: set[str] = set()
    for at, question in enumerate(draft.questions):
        its = f"q{at}"
        if question.identifier in seen:
            found[f"{its}-identifier"] = "Another question has this name in the data already. Choose another."
        seen.add(question.identifier)
        _check_question(found, its, question, keyed=keyed, words=words)
    if keyed:
        _check_mapping(found, draft)
    return found


def _check_question(found: Problems, its: str, question: DraftQuestion, *, keyed: bool, words: bool) -> None:
    if not question.text.strip() and not question.picture.strip():
        found[f"{its}-text"] = "Say what is asked."
    for name in ("identifier", "title", "text", "prefilled"):
        _check_text(found, f"{its}-{name}", getattr(question, name))
    _check_picture(found, f"{its}-picture", question.picture)
    if question.is_choice:
        _check_options(found, its, question, keyed=keyed)
        return
    if keyed and not words:
        found[f"{its}-kind"] = (
            "MTurk marks only answers to choose from: take this question away, or say below that we mark the test."
        )
    least = _whole(found, f"{its}-min_length", question.min_length, 0)
    most = _whole(found, f"{its}-max_length", question.max_length, 1)
    if least is not None and most is not None and least > most:
        found[f"{its}-max_length"] = "The longest answer is shorter than the shortest."
    low = _whole(found, f"{its}-min_value", question.min_value, -_LARGEST)
    high = _whole(found, f"{its}-max_value", question.max_value, -_LARGEST)
    if low is not None and high is not None and low > high:
        found[f"{its}-max_value"] = "The largest number is below the smallest."
    _whole(found, f"{its}-lines", question.lines, 1)


def _check_options(found: Problems, its: str, question: DraftQuestion, *, keyed: bool) -> None:
    seen: set[str] = set()
    for at, option in enumerate(question.options):
        name = f"{its}o{at}"
        if not option.text.strip() and not option.picture.strip():
            found[f"{name}-text"] = "Say what can be chosen here, or take it away."
        _check_text(found, f"{name}-text", option.text)
        _check_text(found, f"{name}-identifier", option.identifier)
        _check_picture(found, f"{name}-picture", option.picture)
        if option.identifier in seen:
            found[f"{name}-identifier"] = "Another answer of this question has this name in the data already."
        seen.add(option.identifier)
        if question.kind == "one" and keyed:
            _whole(found, f"{name}-score", option.score, -_LARGEST)
    if len(question.options) < 2:
        found[f"{its}-kind"] = "Give at least two answers to choose from."
    if question.kind == "several":
        least = _whole(found, f"{its}-least", question.least, 0)
        most = _whole(found, f"{its}-most", question.most, 1)
        top = len(question.options) if most is None else most
        if least is not None and least > min(top, len(question.options)):
            found[f"{its}-least"] = f"At least {least} cannot be chosen of {len(question.options)}, {top} at most."
        if keyed:
            _whole(found, f"{its}-score", question.score, -_LARGEST)
    if keyed:
        _whole(found, f"{its}-otherwise", question.otherwise, -_LARGEST)


def _check_mapping(found: Problems, draft: Draft) -> None:
    if not draft.has_scores:
        found["test-mapping"] = "No answer is worth anything yet: give at least one a score, or tick the right ones."
    if draft.mapping == "percentage":
        _whole(found, "test-maximum", draft.maximum, 1, needed="Say which sum is 100 percent.")
    elif draft.mapping == "scale":
        try:
            factor = Decimal(draft.multiplier.strip() or "x")
            if not factor.is_finite() or len(factor.as_tuple().digits) > 18:
                raise InvalidOperation
        except InvalidOperation:
            found["test-multiplier"] = "Say the factor as a number, such as 2.5."
    elif draft.mapping == "range":
        if not draft.ranges:
            found["test-mapping"] = "Add at least one range of sums."
        for at, row in enumerate(draft.ranges):
            low = _whole(found, f"r{at}-low", row.low, -_LARGEST, needed="From which sum?")
            high = _whole(found, f"r{at}-high", row.high, -_LARGEST, needed="Up to which sum?")
            _whole(found, f"r{at}-value", row.value, -_LARGEST, needed="Which value?")
            if low is not None and high is not None and low > high:
                found[f"r{at}-high"] = "It ends before it begins."
        _whole(found, "test-out_of_range", draft.out_of_range, -_LARGEST, needed="Which value has any other sum?")


def _check_text(found: Problems, name: str, text: str) -> None:
    if UNWRITABLE.search(text):
        found[name] = "This has characters that XML cannot carry. Type it again, or paste it as plain text."


def _check_picture(found: Problems, name: str, address: str) -> None:
    if address.strip() and not _ADDRESS.fullmatch(address.strip()):
        found[name] = "The address of a picture begins with https:// and has no blanks."


def _whole(found: Problems, name: str, typed: str, least: int, *, needed: str = "") -> int | None:
    text = typed.strip()
    if not text:
        if needed:
            found[name] = needed
        return None
    if not _NUMBER.fullmatch(text) or not -_LARGEST <= int(text) <= _LARGEST:
        found[name] = f"“{text[:20]}” is no whole number that fits."
        return None
    if int(text) < least:
        found[name] = f"{least} is the least here."
        return None
    return int(text)


# --- writing --------------------------------------------------------------------------------------------------------


def build_form(draft: Draft) -> str:
    """The QuestionForm of a draft without problems."""
    root, add = _document("QuestionForm", FORM_NAMESPACE)
    if draft.title.strip() or draft.text.strip():
        overview = add(root, "Overview")
        if draft.title.strip():
            add(overview, "Title", draft.title.strip())
        if draft.text.strip():
            add(overview, "Text", draft.text.strip())
    for question in draft.questions:
        element = add(root, "Question")
        add(element, "QuestionIdentifier", question.identifier)
        if question.title.strip():
            add(element, "DisplayName", question.title.strip())
        add(element, "IsRequired", "true" if question.required else "false")
        content = add(element, "QuestionContent")
        if question.text.strip():
            add(content, "Text", question.text.strip())
        if question.picture.strip():
            _picture(add, content, question.picture, "Picture")
        specification = add(element, "AnswerSpecification")
        if question.is_choice:
            _selection(add, specification, question)
        else:
            _free_text(add, specification, question)
    return _text_of(root)


def _selection(add: Callable[..., Any], specification: Any, question: DraftQuestion) -> None:
    element = add(specification, "SelectionAnswer")
    if question.kind == "several":
        add(element, "MinSelectionCount", question.least.strip() or ("1" if question.required else "0"))
        add(element, "MaxSelectionCount", question.most.strip() or str(len(question.options)))
    if question.style:
        add(element, "StyleSuggestion", question.style)
    selections = add(element, "Selections")
    for option in question.options:
        selection = add(selections, "Selection")
        add(selection, "SelectionIdentifier", option.identifier)
        if option.picture.strip():
            _picture(add, selection, option.picture, option.text)
        else:
            add(selection, "Text", option.text.strip())


def _free_text(add: Callable[..., Any], specification: Any, question: DraftQuestion) -> None:
    element = add(specification, "FreeTextAnswer")
    number = {"minValue": question.min_value, "maxValue": question.max_value}
    length = {"minLength": question.min_length, "maxLength": question.max_length}
    if question.kind == "number" or any(value.strip() for value in length.values()):
        constraints = add(element, "Constraints")
        for name, values in (("IsNumeric", number), ("Length", length)):
            if name == "IsNumeric" and question.kind != "number":
                continue
            given = {key: value.strip() for key, value in values.items() if value.strip()}
            if name == "Length" and not given:
                continue
            add(constraints, name).attrib.update(given)
    if question.prefilled.strip():
        add(element, "DefaultText", question.prefilled.strip())
    if question.lines.strip():
        add(element, "NumberOfLinesSuggestion", question.lines.strip())


def _picture(add: Callable[..., Any], parent: Any, address: str, words: str) -> None:
    binary = add(parent, "Binary")
    add(add(binary, "MimeType"), "Type", "image")
    add(binary, "DataURL", address.strip())
    add(binary, "AltText", words.strip())


def build_key(draft: Draft) -> str:
    """The AnswerKey of a draft without problems."""
    root, add = _document("AnswerKey", KEY_NAMESPACE)
    for question in draft.questions:
        options = _scores(question)
        if not options:
            continue
        element = add(root, "Question")
        add(element, "QuestionIdentifier", question.identifier)
        for identifiers, score in options:
            option = add(element, "AnswerOption")
            for identifier in identifiers:
                add(option, "SelectionIdentifier", identifier)
            add(option, "AnswerScore", score)
        if question.otherwise.strip():
            add(element, "DefaultScore", question.otherwise.strip())
    if draft.mapping:
        mapping = add(root, "QualificationValueMapping")
        _MAPPED[draft.mapping](add, mapping, draft)
    return _text_of(root)


def _scores(question: DraftQuestion) -> list[tuple[list[str], str]]:
    if question.kind == "one":
        return [([option.identifier], option.score.strip()) for option in question.options if option.score.strip()]
    right: list[DraftOption] = [option for option in question.options if option.right]
    if question.kind != "several" or not right:
        return []
    return [([option.identifier for option in right], question.score.strip() or "1")]


def _percentage(add: Callable[..., Any], mapping: Any, draft: Draft) -> None:
    add(add(mapping, "PercentageMapping"), "MaximumSummedScore", draft.maximum.strip())


def _scale(add: Callable[..., Any], mapping: Any, draft: Draft) -> None:
    add(add(mapping, "ScaleMapping"), "SummedScoreMultiplier", draft.multiplier.strip())


def _range(add: Callable[..., Any], mapping: Any, draft: Draft) -> None:
    element = add(mapping, "RangeMapping")
    for row in draft.ranges:
        one = add(element, "SummedScoreRange")
        add(one, "InclusiveLowerBound", row.low.strip())
        add(one, "InclusiveUpperBound", row.high.strip())
        add(one, "QualificationValue", row.value.strip())
    add(element, "OutOfRangeQualificationValue", draft.out_of_range.strip())


_MAPPED: dict[str, Callable[..., None]] = {"percentage": _percentage, "scale": _scale, "range": _range}


def _document(name: str, namespace: str) -> tuple[Any, Callable[..., Any]]:
    nsmap: Any = {None: namespace}
    root = etree.Element(f"{{{namespace}}}{name}", nsmap=nsmap)

    def add(parent: Any, tag: str, text: str | None = None) -> Any:
        child = etree.SubElement(parent, f"{{{namespace}}}{tag}")
        child.text = text
        return child

    return root, add


def _text_of(root: Any) -> str:
    etree.indent(root)
    return etree.tostring(root, encoding="unicode") + "\n"


# --- checking what will be sent -------------------------------------------------------------------------------------


def check_documents(test: str, key: str, *, words: bool = False) -> tuple[str, str]:
    """What MTurk would say to test and key: a sentence with the line for each, or empty where it is fine.

    `words`: the key stays here, and may stand beside questions in words.
    """
    form, parsed = None, None
    about_test = about_key = ""
    try:
        form = documents.parse_question_form(test)
    except documents.DocumentError as error:
        about_test = str(error)
    if key.strip():
        try:
            parsed = documents.parse_answer_key(key)
            if form is not None and not words:
                parsed.check(form)
        except documents.DocumentError as error:
            about_key = str(error)
    return about_test, about_key


def best_sum(draft: Draft) -> int:
    """What the best answers give together, as far as scores are numbers yet."""
    total = 0
    for question in draft.questions:
        scores = [int(score) for _, score in _scores(question) if _NUMBER.fullmatch(score)]
        if _NUMBER.fullmatch(question.otherwise.strip()):
            scores.append(int(question.otherwise))
        total += max([*scores, 0]) if question.is_choice else 0
    return total


def size_words(test: str) -> str:
    return f"{len(test.encode('utf-8', 'replace')):,} of {MAX_BYTES:,} bytes"
