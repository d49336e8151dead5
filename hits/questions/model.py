"""What a reviewer's page needs to know of a task: its fields, its widgets and the pictures the requester named."""

from dataclasses import dataclass, field, replace
from typing import Any

from hits.questions.attributes import fill


@dataclass(frozen=True, slots=True)
class Field:
    """One control or question. `options` are (value or selection identifier, text) in the order offered."""

    name: str
    control: str  # text, textarea, number, hidden, radio, checkbox, select, range, toggle, file, submit
    label: str = ""
    options: tuple[tuple[str, str], ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False

    def text_of(self, value: str) -> str:
        """The words beside an option, or the value itself where the question does not say."""
        for option, text in self.options:
            if option == value:
                return text or value
        return value


@dataclass(frozen=True, slots=True)
class Widget:
    """A crowd element that draws or classifies: `crowd-bounding-box`, `crowd-classifier`, …"""

    name: str
    element: str
    src: str = ""
    labels: tuple[str, ...] = ()
    text: str = ""
    header: str = ""
    colours: tuple[str, ...] = ()  # of the labels, in their order, where the task chose them
    short: tuple[tuple[str, str], ...] = ()  # label -> what stands beside its marks in a text
    overlay: str = ""  # what the picture was shown with: the boxes or the mask that are judged


@dataclass(frozen=True, slots=True)
class Question:
    """A task as the requester wrote it. `problem` is a sentence where the document could not be read."""

    kind: str  # QuestionForm, HTMLQuestion, ExternalQuestion, or "" when unknown
    problem: str = ""
    fields: dict[str, Field] = field(default_factory=dict)
    widgets: dict[str, Widget] = field(default_factory=dict)
    groups: tuple[tuple[str, ...], ...] = ()  # names of the buttons of each crowd-radio-group
    images: tuple[str, ...] = ()
    urls: frozenset[str] = frozenset()  # every address the requester wrote anywhere in the document
    flattened: bool = False
    url: str = ""  # of an ExternalQuestion
    text: str = ""  # the words of the overview, for showing beside an answer

    def widget(self, name: str) -> Widget | None:
        """The widget an answer's path belongs to: same name, or the only one that shares the path's first segments."""
        if name in self.widgets:
            return self.widgets[name]
        for known, widget in self.widgets.items():
            if name.startswith(known + ".") or name.endswith("." + known):
                return widget
        return None


def filled(widget: Widget, inputs: dict[str, Any] | None) -> Widget:
    """The widget with `${name}` in its attributes replaced from the task's inputs."""
    if not inputs or "${" not in widget.src + widget.text + widget.header + widget.overlay:
        return widget
    return replace(
        widget,
        src=fill(widget.src, inputs),
        text=fill(widget.text, inputs),
        header=fill(widget.header, inputs),
        overlay=fill(widget.overlay, inputs),
    )
