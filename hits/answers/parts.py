"""The pieces an answer is shown in. Each kind of part names the template that draws it."""

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Link:
    """An address in an answer. `href` is empty where it must not become a link (not http, malformed)."""

    text: str
    href: str = ""
    host: str = ""
    source: str = "worker"  # question, input or worker: who named it
    is_picture: bool = False  # it seems to be one


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture beside an answer. `url` is set only where the requester named it; otherwise `link` leads there."""

    url: str = ""
    source: str = ""  # question, input, or worker
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """One mark on a picture, in the picture's pixels, numbers already written as SVG wants them."""

    number: int
    kind: str  # box, polygon, polyline, point
    label: str
    index: int  # place of its label in the legend
    colour: int  # 0 to 11
    where: str  # for the table: "275, 146 · 77 × 83"
    flags: tuple[str, ...] = ()
    x: str = "0"
    y: str = "0"
    width: str = "0"
    height: str = "0"
    points: str = ""
    more: str = ""  # what its item says beside the shape: "occluded: yes"
    paint: str = ""  # #rrggbb where the task chose the colours of its labels
    heads: str = ""  # of a line: the corners of the head that shows its direction


@dataclass(frozen=True, slots=True)
class Legend:
    """A label with its colour and how often it was used."""

    label: str
    count: int
    index: int = 0
    colour: int = 0
    fill: str = ""  # #rrggbb where the answer itself says it (masks)
    paint: str = ""  # #rrggbb where the task chose it (shapes)


@dataclass(frozen=True, slots=True)
class Shapes:
    """Boxes, polygons, lines and points over a picture. `sized` is false where the picture's size is not known and
    width and height only span the shapes; `unit` is set where coordinates are fractions, here times `unit`."""

    template: ClassVar[str] = "answers/shapes.html"
    heading: str
    path: str
    noun: str
    width: str
    height: str
    font: str
    picture: Picture
    shapes: tuple[Shape, ...]
    legend: tuple[Legend, ...]
    sized: bool = True
    guess: str = ""
    more: int = 0
    flagged: int = 0
    missing: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()  # of points: labels that came more than once, "nose ×2"
    unlabelled: bool = False  # no shape has a label, so a legend would say nothing
    unit: int = 0
    judged: bool = False  # the task drew it, for the worker to judge
    changed: bool | None = None  # whether the worker changed what the task had drawn before
    thumb_width: int = 96
    thumb_height: int = 64


@dataclass(frozen=True, slots=True)
class Mask:
    """A segmentation mask over its picture; `data` is a checked PNG as a data: address."""

    template: ClassVar[str] = "answers/mask.html"
    heading: str
    width: int
    height: int
    picture: Picture
    data: str
    legend: tuple[Legend, ...]
    instances: bool = False  # each entry of the legend is one thing; else each is a class
    empty: bool = False
    problem: str = ""
    guess: str = ""
    sized: bool = True
    judged: bool = False  # the task painted it, for the worker to judge
    changed: bool | None = None  # whether the worker changed what the task had painted before
    thumb_width: int = 96
    thumb_height: int = 64


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text, marked where `label` is set; `ends` are the labels whose span ends here."""

    text: str
    label: str = ""
    colour: int = 0
    index: int = 0
    ends: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """One marked stretch of text, for the table."""

    start: int
    end: int
    label: str
    colour: int
    text: str = ""
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Spans:
    """Entities in a text; `pieces` is empty where the text is not known."""

    template: ClassVar[str] = "answers/spans.html"
    heading: str
    pieces: tuple[Piece, ...]
    spans: tuple[Span, ...]
    legend: tuple[Legend, ...]
    source: str = ""
    guess: str = ""
    problem: str = ""
    more: int = 0


@dataclass(frozen=True, slots=True)
class Option:
    """A choice that was offered."""

    text: str
    chosen: bool
    value: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One step of walking a JSON value: `open` and `close` enclose, `leaf` is a value."""

    step: str
    key: str = ""
    text: str = ""
    kind: str = ""  # of a leaf: text, number, truth, none, link
    link: Link | None = None
    expanded: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One answer beside its label. `kind` chooses how `text` and the rest are drawn."""

    kind: str  # text, long, blank, number, link, links, choice, truth, file, image, tree
    label: str
    name: str
    text: str = ""
    note: str = ""
    rest: str = ""  # of a long text, what stands beyond the first lines
    options: tuple[Option, ...] = ()
    others: int = 0  # options offered and not shown
    links: tuple[Link, ...] = ()
    tree: tuple[Node, ...] = ()
    minimum: str = ""
    maximum: str = ""
    data: str = ""
    picture: Picture | None = None  # what this one answer is about
    is_expected: bool | None = None  # of a survey code: whether it is in the list of those that were given out


@dataclass(frozen=True, slots=True)
class Fields:
    """Answers as rows of label and value."""

    template: ClassVar[str] = "answers/fields.html"
    rows: tuple[Row, ...]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """The picture or text that was judged, for answers that do not draw on it."""

    template: ClassVar[str] = "answers/seen.html"
    heading: str
    picture: Picture | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Technical:
    """Fields no person typed: telemetry, tokens, values copied from the task. Folded."""

    template: ClassVar[str] = "answers/technical.html"
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class More:
    """What was left out because there is too much of it."""

    template: ClassVar[str] = "answers/more.html"
    text: str


Part = Shapes | Mask | Spans | Fields | Seen | Technical | More


@dataclass(frozen=True, slots=True)
class Image:
    """A picture an answer is about, with who named it."""

    url: str
    source: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer ready to be shown. `problem` is a sentence where the document could not be read; `raw` is its text."""

    parts: tuple[Part, ...]
    raw: str
    problem: str = ""
    summary: str = ""
    images: tuple[Image, ...] = field(default=())
