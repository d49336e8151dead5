"""HTMLQuestion: which fields and widgets a task's own page has, what they are called and which pictures it shows."""

from lxml import etree

from hits.questions.attributes import colours, exclusion, labels, short_names
from hits.questions.model import Field, Question, Widget

_MOST = 3_000
_CONTROLS = {"input", "select", "textarea", "crowd-input", "crowd-text-area", "crowd-checkbox", "crowd-radio-button"}
_CONTROLS |= {"crowd-toggle-button", "crowd-slider"}
_KINDS = {"crowd-text-area": "textarea", "crowd-checkbox": "checkbox", "crowd-radio-button": "radio"}
_KINDS |= {"crowd-toggle-button": "toggle", "crowd-slider": "range", "textarea": "textarea", "select": "select"}
_TYPES = {"radio", "checkbox", "hidden", "range", "number", "file", "submit"}
_WIDGETS = {
    "crowd-bounding-box",
    "crowd-polygon",
    "crowd-polyline",
    "crowd-line",
    "crowd-keypoint",
    "crowd-semantic-segmentation",
    "crowd-instance-segmentation",
    "crowd-image-classifier",
    "crowd-image-classifier-multi-select",
    "crowd-classifier",
    "crowd-classifier-multi-select",
    "crowd-entity-annotation",
}
_UNSEEN = {"head", "script", "style", "template", "select", "textarea", "noscript", "svg", "object", "iframe", "title"}
_INLINE = {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "img", "input", "kbd", "mark", "q", "s",
           "small", "span", "strong", "sub", "sup", "u", "var", "wbr"}  # fmt: skip
_LONGEST_TEXT = 6_000


def read_page(html: str, urls: frozenset[str]) -> Question:
    """Fields, widgets and pictures of an HTML page, as far as its markup names them; scripts are not run."""
    root = _tree(html)
    if root is None:
        return Question(kind="HTMLQuestion", problem="The page is empty.", urls=urls)
    labelled = {element.get("for"): element for element in root.iter("label") if element.get("for")}
    fields: dict[str, Field] = {}
    widgets: dict[str, Widget] = {}
    groups: list[tuple[str, ...]] = []
    images: list[str] = []
    flattened = False
    for count, element in enumerate(root.iter(etree.Element)):
        if count > 50_000:
            break
        tag = element.tag
        if tag in _CONTROLS:
            if element.get("name") and len(fields) < _MOST:
                _add(fields, _control(element, labelled))
        elif tag in _WIDGETS:
            name = element.get("name") or tag
            widgets.setdefault(name, _widget(element, name))
        elif tag == "crowd-radio-group":
            names = [button.get("name", "") for button in element.iter("crowd-radio-button")]
            groups.append(tuple(filter(None, dict.fromkeys(names)))[:200])
        elif tag == "crowd-form":
            flattened = element.get("answer-format") == "flatten-objects"
        elif tag == "img" and element.get("src"):
            images.append(element.get("src", "").strip())
    images += [widget.src for widget in widgets.values() if widget.src]
    return Question(
        kind="HTMLQuestion",
        fields=fields,
        widgets=widgets,
        groups=tuple(groups[:500]),
        images=tuple(dict.fromkeys(images))[:500],
        urls=urls,
        flattened=flattened,
    )


def visible_text(html: str) -> str:
    """The words a worker sees on the page, a line for each block: what a reviewer has to know to judge the answer."""
    root = _tree(html)
    if root is None:
        return ""
    lines: list[list[str]] = [[]]
    length = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = str(element.tag)
        if event == "start" and tag in _UNSEEN:
            # iterwalk goes on into it; without its words there is nothing to see.
            for child in list(element):
                element.remove(child)
            element.text = None
        if tag not in _INLINE:
            lines.append([])
        text = element.text if event == "start" else element.tail
        if words := (text or "").split():
            lines[-1].append(" ".join(words))
            length += sum(map(len, words))
        if length > _LONGEST_TEXT:
            break
    return "\n".join(joined for line in lines if (joined := " ".join(line)))[:_LONGEST_TEXT]


def _tree(html: str) -> etree._Element | None:
    parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    try:
        return etree.fromstring(html.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _widget(element: etree._Element, name: str) -> Widget:
    tag = str(element.tag)
    text = element.get("text", "")
    if "classifier" in tag:
        target = next(element.iter("classification-target"), None)
        text = _words(target, 4000) if target is not None else ""
    offered = element.get("labels") or element.get("categories") or ""
    none_of_them = exclusion(element.get("exclusion-category", ""))
    return Widget(
        name=name,
        element=tag,
        src=element.get("src", "").strip(),
        labels=labels(offered) + ((none_of_them,) if none_of_them else ()),
        text=text,
        header=element.get("header", "").strip(),
        colours=colours(element.get("label-colors", "")),
        short=short_names(offered) if tag == "crowd-entity-annotation" else (),
        overlay=element.get("overlay", "")[:100_000] if tag == "crowd-image-classifier" else "",
    )


def _control(element: etree._Element, labelled: dict[str | None, etree._Element]) -> Field:
    tag, name = str(element.tag), element.get("name", "")
    kind = _KINDS.get(tag) or (element.get("type", "text").lower() if tag in ("input", "crowd-input") else "text")
    control = kind if kind in _TYPES | set(_KINDS.values()) else "text"
    own = "" if control in ("hidden", "submit") else _label(element, labelled)
    options: tuple[tuple[str, str], ...] = ()
    if control in ("radio", "checkbox", "toggle"):
        # The text beside a button names the option; what the question is called stands on the group around it.
        options = ((element.get("value", "on"), own),)
        own = _group_label(element)
    elif control == "hidden":
        options = ((element.get("value", ""), ""),)  # what it holds if no script changes it
    elif control == "select":
        options = tuple(
            (option.get("value", _words(option, 300)), _words(option, 300)) for option in element.iter("option")
        )[:500]
    return Field(
        name,
        control,
        own,
        options,
        _number(element.get("min"), 0.0 if control == "range" else None),
        _number(element.get("max"), 100.0 if control == "range" else None),
        element.get("required") is not None,
    )


def _add(fields: dict[str, Field], field: Field) -> None:
    """Buttons that share a name are one field with several options."""
    before = fields.get(field.name)
    if before is None:
        fields[field.name] = field
    elif before.control == field.control and field.options and len(before.options) < 500:
        fields[field.name] = Field(
            before.name,
            before.control,
            before.label or field.label,
            before.options + tuple(option for option in field.options if option not in before.options),
            before.minimum,
            before.maximum,
            before.required or field.required,
        )


def _label(element: etree._Element, labelled: dict[str | None, etree._Element]) -> str:
    if element.get("id") in labelled:
        return _words(labelled[element.get("id")], 300)
    if str(element.tag) in ("crowd-checkbox", "crowd-radio-button", "crowd-toggle-button"):
        return _words(element, 300)
    wrapper = next(element.iterancestors("label"), None)
    if wrapper is not None:
        words = _words(wrapper, 300)
        if words:
            return words
    if element.get("label") or element.get("aria-label"):
        return (element.get("label") or element.get("aria-label") or "").strip()[:300]
    if element.get("type", "").lower() in ("radio", "checkbox"):
        return " ".join((element.tail or "").split())[:300]
    return _before(element) or element.get("placeholder", "").strip()[:300]


def _group_label(element: etree._Element) -> str:
    fieldset = next(element.iterancestors("fieldset"), None)
    if fieldset is not None:
        legend = next(fieldset.iterchildren("legend"), None)
        if legend is not None:
            return _words(legend, 300)
    return ""


def _before(element: etree._Element) -> str:
    """The text just before a control: before it in its own parent, else the element before, else before the parent."""
    for _ in range(2):
        previous = element.getprevious()
        if previous is not None:
            tail = " ".join((previous.tail or "").split())
            if tail:
                return tail[:300]
            if next(previous.iter("input", "select", "textarea"), None) is not None:
                return ""  # the words of the control before
            if previous.tag in (
                "p",
                "label",
                "h1",
                "h2",
                "h3",
                "h4",
                "h5",
                "h6",
                "b",
                "strong",
                "span",
                "legend",
                "td",
            ):
                return _words(previous, 300)
            return ""
        parent = element.getparent()
        if parent is None or parent.tag in ("body", "form", "crowd-form"):
            return ""
        words = " ".join((parent.text or "").split())
        if words:
            return words[:300]
        element = parent
    return ""


def _words(element: etree._Element, limit: int) -> str:
    words: list[str] = []
    length = 0
    for text in element.itertext(etree.Element):
        part = " ".join(str(text).split())
        if part:
            words.append(part)
            length += len(part) + 1
        if length > limit:
            break
    return " ".join(words)[:limit]


def _number(text: str | None, default: float | None) -> float | None:
    try:
        return float(text) if text else default
    except ValueError:
        return default
