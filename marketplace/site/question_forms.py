"""A QuestionForm on our own page: filled in, checked, and drawn again with what is wrong where something is."""

import json
from typing import Any

from django.http import QueryDict

from marketplace.documents.forms import DEFAULT_ERROR, Item, form_items, problems


class Shown:
    """An item with what was posted for it; for templates."""

    def __init__(self, item: Item, number: int, posted: list[str] | None, problem: str) -> None:
        self.item, self.number, self.posted, self.problem = item, number, posted or [], problem

    def __getattr__(self, name: str) -> Any:
        return getattr(self.item, name)

    @property
    def value(self) -> str:
        if self.posted:
            return self.posted[0]
        return self.item.text_answer.default if self.item.text_answer else ""

    @property
    def patterns(self) -> str:
        """The patterns of a text answer as JSON for question-form.js: [[regex, flags, what to say], …]; "" for none."""
        answer = self.item.text_answer
        found = [] if answer is None else answer.patterns
        said = [[pattern, "i" if ignores else "", error or DEFAULT_ERROR] for pattern, ignores, error in found]
        return json.dumps(said) if said else ""

    @property
    def is_menu(self) -> bool:
        """Whether one choice of a menu; a menu shows words alone, so pictures and formatted choices are buttons."""
        answer = self.item.selection_answer
        return (
            answer is not None
            and answer.is_single
            and answer.style in {"dropdown", "combobox", "list"}
            and all(choice.content.kind == "text" for choice in answer.choices)
        )

    @property
    def other_value(self) -> str:
        answer = self.item.selection_answer
        offered = {choice.identifier for choice in answer.choices} if answer else set()
        return next((value for value in self.posted if value not in offered), "")


class Form:
    """A question document and what a worker posted for it. DocumentError where it is no QuestionForm."""

    def __init__(self, text: str, posted: QueryDict | None = None) -> None:
        found = form_items(text)
        self.fields: dict[str, str | list[str]] = {}
        wrong: dict[str, str] = {}
        given: dict[str, list[str]] = {}
        if posted is not None:
            known = {item.identifier for item in found if item.identifier}
            given = {name: [str(value) for value in values] for name, values in posted.lists() if name in known}
            wrong = problems(found, given)
            # Nothing typed is no answer: MTurk left such questions out as well.
            self.fields = {
                name: kept for name, values in given.items() if (kept := [value for value in values if value])
            }
        self.is_good, self.was_posted = not wrong, posted is not None
        self.problem = "Something is missing or does not fit; it says where." if wrong else ""
        self.items = []
        number = 0
        for item in found:
            number += bool(item.identifier)
            self.items.append(Shown(item, number, given.get(item.identifier), wrong.get(item.identifier, "")))
