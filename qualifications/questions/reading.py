"""Documents as a draft, where the builder can hold all that they say; else the reason why it cannot. Pure."""

from typing import Any

from marketplace import documents
from marketplace.documents.questions import MAX_BYTES
from marketplace.documents.safely import read, split_tag
from qualifications.questions.draft import MOST_OPTIONS, MOST_QUESTIONS, Draft, DraftOption, DraftQuestion, DraftRange
from qualifications.questions.writing import build_form, build_key, problems

_TOO_RICH = (
    "It says more than the form can hold (other kinds of content, formatted text, several scores for sets of answers, "
    "patterns …), so it can be changed as XML only. Nothing of it is lost there."
)


class NotForTheForm(ValueError):
    """The documents are fine, but not for the builder; or they are not fine. The message says which."""


def read_draft(test: str, key: str) -> Draft:
    """The draft of these documents. NotForTheForm, with the reason, where anything would be lost.

    What was read is written again and compared: only a draft that says all that the documents say is given back.
    """
    try:
        form = read(test, limit=MAX_BYTES, what="test")
        documents.parse_question_form(test)
        keyed = read(key, limit=MAX_BYTES, what="answer key") if key.strip() else None
        if keyed is not None:
            documents.parse_answer_key(key)
    except documents.DocumentError as error:
        raise NotForTheForm(str(error)) from error
    draft = Draft()
    for element in form:
        if _name(element) == "Overview":
            draft.title, draft.text = _text(element, "Title"), _text(element, "Text")
        else:
            draft.questions.append(_question(element))
    if keyed is not None:
        _read_key(draft, keyed)
    if len(draft.questions) > MOST_QUESTIONS or any(len(row.options) > MOST_OPTIONS for row in draft.questions):
        raise NotForTheForm("It has more questions or answers than the form can show; change it as XML.")
    if problems(draft, keyed=keyed is not None, words=True):
        raise NotForTheForm(_TOO_RICH)
    again = [(form, build_form(draft))] + ([(keyed, build_key(draft))] if keyed is not None else [])
    for was, written in again:
        if _shape(was) != _shape(read(written, limit=2 * MAX_BYTES, what="test")):
            raise NotForTheForm(_TOO_RICH)
    return draft


def _name(element: Any) -> str:
    return split_tag(element.tag)[1]


def _child(element: Any, *path: str) -> Any:
    for name in path:
        if element is None:
            return None
        element = next((child for child in element if _name(child) == name), None)
    return element


def _text(element: Any, *path: str) -> str:
    child = _child(element, *path)
    return "" if child is None else (child.text or "").strip()


def _question(element: Any) -> DraftQuestion:
    content = _child(element, "QuestionContent")
    question = DraftQuestion(
        identifier=_text(element, "QuestionIdentifier"),
        title=_text(element, "DisplayName"),
        required="on" if _text(element, "IsRequired") in ("true", "1") else "",
        text=_text(content, "Text"),
        picture=_text(content, "Binary", "DataURL"),
    )
    selection = _child(element, "AnswerSpecification", "SelectionAnswer")
    if selection is not None:
        most = _text(selection, "MaxSelectionCount")
        question.kind = "several" if most else "one"
        question.style = _text(selection, "StyleSuggestion")
        question.least, question.most = _text(selection, "MinSelectionCount"), most
        for item in _child(selection, "Selections"):
            option = DraftOption(_text(item, "SelectionIdentifier"), _text(item, "Text"))
            option.picture = _text(item, "Binary", "DataURL")
            option.text = option.text or _text(item, "Binary", "AltText")
            question.options.append(option)
        return question
    answer = _child(element, "AnswerSpecification", "FreeTextAnswer")
    numeric, length = _child(answer, "Constraints", "IsNumeric"), _child(answer, "Constraints", "Length")
    question.kind = "text" if numeric is None else "number"
    if numeric is not None:
        question.min_value, question.max_value = numeric.get("minValue", ""), numeric.get("maxValue", "")
    if length is not None:
        question.min_length, question.max_length = length.get("minLength", ""), length.get("maxLength", "")
    question.prefilled, question.lines = _text(answer, "DefaultText"), _text(answer, "NumberOfLinesSuggestion")
    return question


def _read_key(draft: Draft, key: Any) -> None:
    by_name = {question.identifier: question for question in draft.questions}
    for element in key:
        if _name(element) == "QualificationValueMapping":
            _read_mapping(draft, element)
            continue
        question = by_name.get(_text(element, "QuestionIdentifier"))
        if question is None or not question.is_choice:
            continue
        question.otherwise = _text(element, "DefaultScore")
        for option in (child for child in element if _name(child) == "AnswerOption"):
            chosen = {(child.text or "").strip() for child in option if _name(child) == "SelectionIdentifier"}
            score = _text(option, "AnswerScore")
            its = [row for row in question.options if row.identifier in chosen]
            if question.kind == "several":
                question.score = score
                for row in its:
                    row.right = "on"
            elif len(its) == 1:
                its[0].score = score


def _read_mapping(draft: Draft, element: Any) -> None:
    mapping = element[0]
    if _name(mapping) == "PercentageMapping":
        draft.mapping, draft.maximum = "percentage", _text(mapping, "MaximumSummedScore")
    elif _name(mapping) == "ScaleMapping":
        draft.mapping, draft.multiplier = "scale", _text(mapping, "SummedScoreMultiplier")
    else:
        draft.mapping, draft.out_of_range = "range", _text(mapping, "OutOfRangeQualificationValue")
        for row in (child for child in mapping if _name(child) == "SummedScoreRange"):
            draft.ranges.append(
                DraftRange(
                    _text(row, "InclusiveLowerBound"),
                    _text(row, "InclusiveUpperBound"),
                    _text(row, "QualificationValue"),
                )
            )


def _shape(element: Any) -> tuple[Any, ...]:
    """What an element says, without namespaces, blanks around texts, and orders that mean nothing."""
    children = [_shape(child) for child in element]
    if _name(element) == "Question":
        # The default score may stand before or after the options, and IsRequired false is as good as none.
        default = ("IsRequired", (), "false", ())
        children = sorted((child for child in children if child != default), key=lambda child: child[0])
    elif _name(element) in ("AnswerOption", "Constraints"):
        children = sorted(children)
    text = "" if len(element) else (element.text or "").strip()
    if _name(element) == "IsRequired":
        text = {"1": "true", "0": "false"}.get(text, text)
    return (_name(element), tuple(sorted(element.attrib.items())), text, tuple(children))
