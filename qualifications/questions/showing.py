"""A test as a worker sees it, for pages of ours: pieces to draw, with nothing in them that could do anything. Pure."""

from dataclasses import dataclass, field

import nh3

from marketplace.documents import Answer, DocumentError
from marketplace.documents.forms import Block, Item, form_items

#: What is left of a FormattedContent: words and their shape, no address, no style, no script.
_KEPT = {
    "b", "big", "blockquote", "br", "code", "dd", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "li", "ol", "p", "pre", "q", "s", "small", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr",
    "u", "ul",
}  # fmt: skip


@dataclass(slots=True)
class Shown:
    """The items of a test, or a sentence why there are none. `name` of a question's inputs is `sheet-<place>`."""

    items: list[Item] = field(default_factory=list)
    problem: str = ""


def show(test: str) -> Shown:
    """Never raises. XHTML is cleaned; everything else is text, and the template escapes it."""
    try:
        items = form_items(test)
    except DocumentError as error:
        return Shown(problem=str(error))
    for item in items:
        for block in item.blocks:
            _clean(block)
        for choice in item.selection_answer.choices if item.selection_answer else ():
            _clean(choice.content)
    return Shown(items)


def _clean(block: Block) -> None:
    if block.kind == "formatted":
        block.text = nh3.clean(block.text, tags=_KEPT, attributes={}, link_rel=None)


def sheet_answers(items: list[Item], posted: dict[str, list[str]]) -> list[Answer]:
    """What was filled in below a shown test: `sheet-<place of the item>` -> values, as the worker would hand it in."""
    answers = []
    for place, item in enumerate(items):
        values = [value for value in posted.get(f"sheet-{place}", []) if value]
        if not item.identifier or not values:
            continue
        if item.selection_answer is not None:
            offered = {choice.identifier for choice in item.selection_answer.choices}
            chosen = tuple(value for value in values if value in offered)
            answers.append(Answer(item.identifier, selection_identifiers=chosen))
        else:
            answers.append(Answer(item.identifier, free_text=values[0][:20_000]))
    return answers
