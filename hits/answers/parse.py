"""QuestionFormAnswers text to values by question identifier (api:3542)."""

from dataclasses import dataclass, field

from lxml import etree

from hits.answers.text import shown

# lxml itself refuses a text above 10 MB; a form post that large is an attack, and nobody reviews it.
LONGEST = 10_000_000
_NAMESPACE = "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/"


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded file: its key, and its size in bytes as the document says it."""

    key: str
    size: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What a worker gave for one identifier. Several Answer elements of the same identifier are one Given."""

    texts: tuple[str, ...] = ()
    selections: tuple[str, ...] = ()
    other: str | None = None
    file: File | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """An answer document in its order. `problem` is a sentence, and `answers` empty, where it cannot be read."""

    answers: dict[str, Given] = field(default_factory=dict)
    problem: str = ""
    raw: str = ""


def parse(xml_text: str | None) -> Parsed:
    """`xml_text`, a QuestionFormAnswers document, as `Parsed`. Never raises; entities and DOCTYPEs are refused."""
    if not xml_text or not xml_text.strip():
        return Parsed(problem="The answer is empty.", raw=xml_text or "")
    if len(xml_text) > LONGEST:
        return Parsed(problem=f"The answer is too long to read ({len(xml_text):,} characters).", raw=xml_text)
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(xml_text.lstrip("\ufeff \t\r\n").encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return Parsed(problem=f"The answer is not well-formed XML: {shown(error, 200)}.", raw=xml_text)
    if root.getroottree().docinfo.doctype:
        # With entities unresolved lxml drops their text silently, so the rest of the document cannot be trusted.
        return Parsed(problem="The answer has a DOCTYPE, which no form sends; it is not read.", raw=xml_text)
    name = etree.QName(root)
    if name.localname != "QuestionFormAnswers" or (name.namespace and not name.namespace.startswith(_NAMESPACE)):
        return Parsed(problem=f"The answer is not a QuestionFormAnswers document but “{shown(root.tag, 120)}”.", raw=xml_text)
    return Parsed(answers=_answers(root), raw=xml_text)


def _answers(root: etree._Element) -> dict[str, Given]:
    answers: dict[str, Given] = {}
    for answer in root:
        name, texts, selections, other, key, size = "", [], [], None, None, ""
        for child in answer:
            tag = child.tag
            kind = tag[tag.rfind("}") + 1 :] if isinstance(tag, str) else ""
            text = child.text or ""
            if kind == "QuestionIdentifier":
                name = text
            elif kind == "FreeText":
                texts.append(text)
            elif kind == "SelectionIdentifier":
                selections.append(text)
            elif kind == "OtherSelectionText":
                other = text
            elif kind == "UploadedFileKey":
                key = text
            elif kind == "UploadedFileSizeInBytes":
                size = text
        if not (name or texts or selections or key):
            continue
        file = None if key is None else File(key, size)
        before = answers.get(name)
        if before is None:
            answers[name] = Given(tuple(texts), tuple(selections), other, file)
        else:
            answers[name] = Given(
                before.texts + tuple(texts),
                before.selections + tuple(selections),
                before.other if other is None else other,
                before.file or file,
            )
    return answers
