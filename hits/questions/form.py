"""A QuestionForm drawn by us: its contents piece by piece, with what a worker answered, if anybody did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import nh3

from marketplace.documents.forms import Block, Item, form_items

# What a FormattedContent may show: words and their shape, pictures, links that leave. nh3 drops everything else.
_NAMES = (
    "a abbr acronym b big blockquote br caption center cite code col colgroup dd del dfn div dl dt em font h1 h2 h3 h4 "
    "h5 h6 hr i img ins kbd li ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead tr tt "
    "u ul var"
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}


class Given(Protocol):
    """What a worker gave for one question (hits.answers.Given)."""

    @property
    def texts(self) -> tuple[str, ...]: ...
    @property
    def selections(self) -> tuple[str, ...]: ...
    @property
    def other(self) -> str | None: ...
    @property
    def file(self) -> object: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One item of a form and its answer. An overview has number 0."""

    item: Item
    number: int
    text: str = ""
    chosen: frozenset[str] = frozenset()
    strangers: tuple[str, ...] = ()  # chosen, but not offered
    other: str = ""
    file: object = None
    answered: bool = False


def asked(text: str, answers: Mapping[str, Given] | None = None) -> list[Asked]:
    """The items of a QuestionForm with `answers` by QuestionIdentifier; DocumentError where it is no QuestionForm."""
    found, number = [], 0
    for item in form_items(text):
        number += bool(item.identifier)
        given = (answers or {}).get(item.identifier) if item.identifier else None
        if given is None:
            found.append(Asked(item, number if item.identifier else 0))
            continue
        offered = {choice.identifier for choice in item.selection_answer.choices} if item.selection_answer else set()
        # Some clients send a choice as text, several joined.
        chosen = {*given.selections} or {
            part for text in given.texts for part in ([text] if text in offered else text.split("|")) if part
        }
        has_other = item.selection_answer is not None and item.selection_answer.other is not None
        strangers = [value for value in (given.selections or given.texts) if value and not chosen & offered]
        other = given.other or (strangers.pop() if has_other and strangers and not given.selections else "")
        found.append(
            Asked(
                item,
                number,
                text="\n".join(given.texts),
                chosen=frozenset(chosen & offered),
                strangers=tuple(strangers) if item.selection_answer else (),
                other=other,
                file=given.file,
                answered=True,
            )
        )
    return found


def formatted(block: Block) -> str:
    """A requester's FormattedContent as HTML that can do nothing."""
    return nh3.clean(
        block.text,
        tags=set(_NAMES.split()),
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}, "img": {"referrerpolicy": "no-referrer"}},
    )
