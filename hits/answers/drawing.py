"""The parts of a drawing there may be hundreds of, as markup: a template would take ten times as long for them."""

from html import escape

from hits.answers.parts import Shape, Shapes

#: Beyond so many shapes their names would hide the picture; the list and the tooltips have them.
MOST_NAMED = 60
_MOST_CORNERS = 200


def marks(shapes: tuple[Shape, ...]) -> str:
    """The shapes for the SVG of a picture."""
    named = len(shapes) <= MOST_NAMED
    return "".join(_mark(shape, named=named) for shape in shapes)


def _mark(shape: Shape, *, named: bool) -> str:
    label = escape(shape.label)
    flags = "".join(f", {escape(flag)}" for flag in shape.flags)
    name = f'<text x="{shape.x}" y="{shape.y}">{label or shape.number}</text>' if named else ""
    return (
        f'<g class="{classes(shape)}{" is-flagged" if flags else ""}"{paint(shape)} data-label="{shape.index}" '
        f'data-shape="{shape.number}"><title>{shape.number} {label}{flags}</title>'
        f"{outline(shape)}{corners(shape)}{name}</g>"
    )


def classes(shape: Shape) -> str:
    return f"shape is-{shape.kind} {'is-painted' if shape.paint else f'c{shape.colour}'}"


def paint(shape: Shape) -> str:
    """The colour the task chose, checked before (hits.questions.attributes.colours)."""
    return f' color="{shape.paint}"' if shape.paint else ""


def outline(shape: Shape) -> str:
    """What draws a shape. Its numbers were written for SVG before (hits.answers.canvas.draw)."""
    if shape.kind == "box":
        return f'<rect x="{shape.x}" y="{shape.y}" width="{shape.width}" height="{shape.height}"/>'
    if shape.kind in ("polygon", "polyline"):
        head = f'<polyline points="{shape.heads}"/>' if shape.heads else ""
        return f'<{shape.kind} points="{shape.points}"/>{head}'
    return f'<path d="M {shape.x} {shape.y} h 0"/>'


def corners(shape: Shape) -> str:
    """Dots on the corners of an outline, for when somebody points at it."""
    points = shape.points.split()
    if not 1 < len(points) <= _MOST_CORNERS or "centre" in shape.where:
        return ""
    dots = " ".join(f"M {point} h 0" for point in points)
    return f'<path class="corners" d="{dots}"/>'


def listed(part: Shapes) -> str:
    """The rows of the table that says in words what the picture shows."""
    rows = []
    for shape in part.shapes:
        flags = "".join(f'<span class="answer-badge is-flag">{escape(flag)}</span> ' for flag in shape.flags)
        label = escape(shape.label) or "no label"
        swatch = f'<span class="answer-swatch c{shape.colour}"></span>'
        if shape.paint:
            square = f'<rect width="10" height="10" fill="{shape.paint}"/>'
            swatch = f'<svg class="answer-swatch" viewBox="0 0 10 10" aria-hidden="true">{square}</svg>'
        more = f' <span class="answer-aside"><bdi>{escape(shape.more)}</bdi></span>' if shape.more else ""
        rows.append(
            f'<tr data-row="{shape.number}" tabindex="0"><td class="number">{shape.number}</td>'
            f"<td>{swatch} <bdi>{label}</bdi>{more}</td>"
            f'<td class="number">{shape.where}</td><td>{flags}</td></tr>'
        )
    return "".join(rows)
