"""QuestionForm, HTMLQuestion and ExternalQuestion: what a HIT asks. Source: api, section Question and Answer Data."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from lxml import etree

from .safely import DocumentError, Element, read, split_tag

MAX_BYTES = 65_535
SCHEMAS = "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/"
NAMESPACES = {
    # 2017-11-06 is 2005-10-01 without FileUploadAnswer and Application.
    "QuestionForm": (f"{SCHEMAS}2005-10-01/QuestionForm.xsd", f"{SCHEMAS}2017-11-06/QuestionForm.xsd"),
    "HTMLQuestion": (f"{SCHEMAS}2011-11-11/HTMLQuestion.xsd",),
    "ExternalQuestion": (f"{SCHEMAS}2006-07-14/ExternalQuestion.xsd",),
}

# Tags that stand inside a word or line; any other one ends it.
_INLINE = re.compile("a|b|big|cite|code|del|em|font|i|ins|q|small|span|strong|sub|sup|u")


class Kind(StrEnum):
    """The root element's name."""

    QUESTION_FORM = "QuestionForm"
    HTML_QUESTION = "HTMLQuestion"
    EXTERNAL_QUESTION = "ExternalQuestion"


class AnswerKind(StrEnum):
    """The element inside AnswerSpecification."""

    FREE_TEXT = "FreeTextAnswer"
    SELECTION = "SelectionAnswer"
    FILE_UPLOAD = "FileUploadAnswer"


@dataclass(slots=True)
class Selection:
    """One thing that can be chosen. `text` is plain text; for a picture its AltText or address."""

    identifier: str
    text: str


@dataclass(slots=True)
class FormQuestion:
    """One question of a QuestionForm. `text` is its content as plain text, paragraphs parted by a newline."""

    identifier: str
    display_name: str
    is_required: bool
    text: str
    answer_kind: AnswerKind
    selections: list[Selection] = field(default_factory=list)
    has_other_selection: bool = False
    # Counts of selections allowed and the suggested style; meaningful for a SelectionAnswer only.
    min_selections: int = 1
    max_selections: int = 1
    style: str = ""

    def label(self, selection_identifier: str) -> str:
        """What the worker read beside that choice; the identifier itself if the question does not offer it."""
        for selection in self.selections:
            if selection.identifier == selection_identifier:
                return selection.text
        return selection_identifier


@dataclass(slots=True)
class Question:
    """What a HIT asks. Filled according to `kind`: `questions` and `overview` (plain text), or `html`, or `url`.

    `frame_height` is in pixels, 0 for "as high as the window"; None for a QuestionForm.
    """

    kind: Kind
    questions: list[FormQuestion] = field(default_factory=list)
    overview: str = ""
    html: str = ""
    url: str = ""
    frame_height: int | None = None

    def find(self, identifier: str) -> FormQuestion | None:
        """The question of that identifier, if the form has one."""
        return next((question for question in self.questions if question.identifier == identifier), None)


def parse_question(text: str) -> Question:
    """Read a question document of at most MAX_BYTES; DocumentError, with the line, where it is not a usable one.

    Lenient: it takes what can be shown. What may be published is decided by strict.check_question.
    """
    return read_question(read(text, limit=MAX_BYTES, what="question document"))


def read_question(root: Element) -> Question:
    """The question below a root element."""
    namespace, name = split_tag(root.tag)
    if name not in NAMESPACES:
        raise DocumentError(
            f"The root element is {name}; it has to be QuestionForm, HTMLQuestion or ExternalQuestion.", root.sourceline
        )
    if namespace not in NAMESPACES[name]:
        raise DocumentError(
            f'The namespace of {name} is "{namespace}"; it has to be "{NAMESPACES[name][-1]}".', root.sourceline
        )
    if entity := next(root.iter(etree.Entity), None):
        raise DocumentError(f"The entity {entity.text[:100]} is not defined.", entity.sourceline)
    reader = _Reader(namespace)
    if name == "QuestionForm":
        return reader.form(root)
    if name == "HTMLQuestion":
        return reader.html(root)
    return reader.external(root)


def version(namespace: str) -> str:
    """The date in the namespace of a document of ours."""
    return namespace.removeprefix(SCHEMAS).partition("/")[0]


class _Reader:
    """Reads the elements of one namespace."""

    def __init__(self, namespace: str) -> None:
        self.prefix = f"{{{namespace}}}"

    def one(self, parent: Element, name: str) -> Element:
        """The only child of that name."""
        found = parent.findall(self.prefix + name)
        if len(found) != 1:
            how = "has no" if not found else "has more than one"
            raise DocumentError(f"{split_tag(parent.tag)[1]} {how} {name}.", parent.sourceline)
        return found[0]

    def text(self, parent: Element, name: str) -> str:
        return (self.one(parent, name).text or "").strip()

    def optional(self, parent: Element, name: str) -> str:
        return (parent.findtext(self.prefix + name) or "").strip()

    def number(self, parent: Element, name: str, default: int) -> int:
        text = self.optional(parent, name)
        if not text:
            return default
        try:
            return int(text[:18])
        except ValueError:
            raise DocumentError(f'{name} is "{text[:40]}", not a whole number.', parent.sourceline) from None

    def only(self, parent: Element, *names: str) -> None:
        """Refuse children of other names."""
        for child in parent:
            namespace_and_name = child.tag
            if namespace_and_name not in {self.prefix + name for name in names}:
                raise DocumentError(
                    f"The element {split_tag(child.tag)[1]} is not allowed in {split_tag(parent.tag)[1]}; expected is "
                    f"{' or '.join(names)}.",
                    child.sourceline,
                )

    def html(self, root: Element) -> Question:
        self.only(root, "HTMLContent", "FrameHeight")
        content = self.one(root, "HTMLContent")
        if len(content):
            raise DocumentError(
                "HTMLContent has elements in it; put the HTML into <![CDATA[ … ]]>.", content.sourceline
            )
        html = content.text or ""
        if not html.strip():
            raise DocumentError("HTMLContent is empty.", content.sourceline)
        return Question(Kind.HTML_QUESTION, html=html, frame_height=self.frame_height(root))

    def external(self, root: Element) -> Question:
        self.only(root, "ExternalURL", "FrameHeight")
        url = self.text(root, "ExternalURL")
        try:
            parts = urlsplit(url)
            right = parts.scheme.lower() in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            right = False
        if not right:
            raise DocumentError(
                f'ExternalURL is "{url[:200]}"; it has to be an absolute https:// address.', root.sourceline
            )
        return Question(Kind.EXTERNAL_QUESTION, url=url, frame_height=self.frame_height(root))

    def frame_height(self, root: Element) -> int:
        if not self.text(root, "FrameHeight"):
            raise DocumentError("FrameHeight is empty; 0 means as high as the window.", root.sourceline)
        # The schema allows negative heights; nothing can be shown in them, so they mean the window's height as well.
        return max(0, self.number(root, "FrameHeight", 0))

    def form(self, root: Element) -> Question:
        self.only(root, "Overview", "Question")
        form = Question(Kind.QUESTION_FORM)
        form.overview = "\n".join(_plain(element) for element in root.findall(self.prefix + "Overview"))
        form.questions = [self.question(element) for element in root.findall(self.prefix + "Question")]
        if not form.questions and not form.overview:
            raise DocumentError("The QuestionForm has no Question.", root.sourceline)
        identifiers = [question.identifier for question in form.questions]
        if twice := next((name for name in identifiers if identifiers.count(name) > 1), None):
            raise DocumentError(f'The QuestionIdentifier "{twice[:100]}" is used more than once.', root.sourceline)
        return form

    def question(self, element: Element) -> FormQuestion:
        self.only(element, "QuestionIdentifier", "DisplayName", "IsRequired", "QuestionContent", "AnswerSpecification")
        identifier = self.text(element, "QuestionIdentifier")
        if not identifier:
            raise DocumentError("A QuestionIdentifier is empty.", element.sourceline)
        specification = self.one(element, "AnswerSpecification")
        self.only(specification, *AnswerKind)
        if len(specification) != 1:
            raise DocumentError(
                f'The AnswerSpecification of question "{identifier[:100]}" has to hold one of {", ".join(AnswerKind)}.',
                specification.sourceline,
            )
        question = FormQuestion(
            identifier=identifier,
            display_name=self.optional(element, "DisplayName"),
            is_required=self.optional(element, "IsRequired") in {"true", "1"},
            text=_plain(self.one(element, "QuestionContent")),
            answer_kind=AnswerKind(split_tag(specification[0].tag)[1]),
        )
        if question.answer_kind is AnswerKind.SELECTION:
            self.selection_answer(specification[0], question)
        return question

    def selection_answer(self, element: Element, question: FormQuestion) -> None:
        question.min_selections = self.number(element, "MinSelectionCount", 1)
        question.max_selections = self.number(element, "MaxSelectionCount", 1)
        question.style = self.optional(element, "StyleSuggestion")
        selections = self.one(element, "Selections")
        self.only(selections, "Selection", "OtherSelection")
        question.has_other_selection = selections.find(self.prefix + "OtherSelection") is not None
        for item in selections.findall(self.prefix + "Selection"):
            identifier = self.text(item, "SelectionIdentifier")
            content = [child for child in item if child.tag != self.prefix + "SelectionIdentifier"]
            if not identifier or len(content) != 1:
                raise DocumentError(
                    "A Selection has to hold a SelectionIdentifier and one of Text, FormattedContent or Binary.",
                    item.sourceline,
                )
            question.selections.append(Selection(identifier, _plain_item(content[0]) or identifier))
        if not question.selections:
            raise DocumentError(f'The question "{question.identifier[:100]}" has no Selection.', element.sourceline)


def _plain(content: Element) -> str:
    """A content structure as plain text: paragraphs, list items, alternative texts of pictures, one per line."""
    return "\n".join(filter(None, (_plain_item(child) for child in content)))


def _plain_item(item: Element) -> str:
    name = split_tag(item.tag)[1]
    if name in {"Binary", "EmbeddedBinary"}:
        texts = {split_tag(child.tag)[1]: (child.text or "").strip() for child in item}
        return texts.get("AltText") or texts.get("DataURL", "")
    if name == "List":
        return "\n".join(filter(None, (f"• {(child.text or '').strip()}" for child in item)))
    if name == "FormattedContent":
        return _without_tags("".join(item.itertext()))
    return " ".join("".join(item.itertext()).split())


def _without_tags(xhtml: str) -> str:
    """The words of a piece of XHTML. lxml's HTML parser is lenient and runs nothing."""
    if not xhtml.strip():
        return ""
    parser = etree.HTMLParser(no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    root: Element = etree.fromstring(f"<div>{xhtml}</div>", parser)
    if root is None:
        return ""
    pieces: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        # A paragraph or a cell ends a word, bold type does not.
        pieces.append("" if _INLINE.fullmatch(element.tag) else " ")
        if event == "end":
            pieces.append(element.tail or "")
        elif element.tag not in {"script", "style"}:
            pieces.append(element.text or "")
    return " ".join("".join(pieces).split())
