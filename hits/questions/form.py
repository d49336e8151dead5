"""QuestionForm: the questions' words and what each selection identifier means (api:2500 ff.)."""

from lxml import etree

from hits.questions.model import Field, Question

_MOST = 2_000


def read_form(root: etree._Element, urls: frozenset[str]) -> Question:
    """The questions of a QuestionForm, by QuestionIdentifier."""
    fields: dict[str, Field] = {}
    images: list[str] = []
    overview: list[str] = []
    for element in root.iter("{*}Binary"):
        if "image" in _words(_child(element, "MimeType")).lower():
            address = _words(_child(element, "DataURL")).strip()
            if address:
                images.append(address)
    for part in root.iterchildren("{*}Overview", "{*}Question"):
        if _local(part) == "Overview":
            overview.append(_prose(part))
        elif len(fields) < _MOST:
            field = _question(part)
            fields.setdefault(field.name, field)
    return Question(
        kind="QuestionForm",
        fields=fields,
        images=tuple(dict.fromkeys(images)),
        urls=urls,
        text="\n".join(filter(None, overview))[:4000],
    )


def _question(part: etree._Element) -> Field:
    name = _words(_child(part, "QuestionIdentifier")).strip()
    label = _words(_child(part, "DisplayName")).strip()
    content = _child(part, "QuestionContent")
    label = _prose(content) or label or name
    required = _words(_child(part, "IsRequired")).strip() == "true"
    specification = _child(part, "AnswerSpecification")
    control, options = "text", []
    minimum = maximum = None
    for answer in specification if specification is not None else ():
        if _local(answer) == "SelectionAnswer":
            most = _words(_child(answer, "MaxSelectionCount")).strip()
            control = "checkbox" if most not in ("", "1") else "radio"
            for selection in answer.iter("{*}Selection"):
                identifier = _words(_child(selection, "SelectionIdentifier")).strip()
                options.append((identifier, _selection_text(selection) or identifier))
        elif _local(answer) == "FileUploadAnswer":
            control = "file"
        elif _local(answer) == "FreeTextAnswer":
            lines = _words(next(answer.iter("{*}NumberOfLinesSuggestion"), None)).strip()
            control = "textarea" if lines not in ("", "1") else "text"
            number = next(answer.iter("{*}IsNumeric"), None)
            if number is not None:
                control = "number"
                minimum, maximum = _number(number.get("minValue")), _number(number.get("maxValue"))
    return Field(name, control, label[:2000], tuple(options[:_MOST]), minimum, maximum, required)


def _selection_text(selection: etree._Element) -> str:
    for child in selection.iterchildren("{*}Text", "{*}FormattedContent", "{*}Binary"):
        if _local(child) == "Binary":
            return _words(_child(child, "AltText")).strip() or _words(_child(child, "DataURL")).strip()
        return _prose(child)
    return ""


def _prose(element: etree._Element | None) -> str:
    """The words of a content element; FormattedContent is XHTML in text, of which only the words are kept."""
    if element is None:
        return ""
    if _local(element) == "FormattedContent":
        return _unmarked(element.text or "")
    words = []
    for child in element:
        if _local(child) == "FormattedContent":
            words.append(_unmarked(child.text or ""))
        elif _local(child) == "List":
            words.extend(f"• {_words(item).strip()}" for item in child.iterchildren("{*}ListItem"))
        elif _local(child) in ("Title", "Text"):
            words.append(_words(child).strip())
    if not len(element):
        words.append((element.text or "").strip())
    return "\n".join(word for word in words if word)


def _unmarked(markup: str) -> str:
    parser = etree.HTMLParser(no_network=True, remove_comments=True, encoding="utf-8")
    try:
        tree = etree.fromstring(f"<div>{markup[:20_000]}</div>".encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return markup[:2000]
    return " ".join("".join(tree.itertext()).split()) if tree is not None else ""


def _child(element: etree._Element | None, name: str) -> etree._Element | None:
    return None if element is None else next(element.iterchildren("{*}" + name), None)


def _words(element: etree._Element | None) -> str:
    return "" if element is None else "".join(element.itertext())


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
