"""What a simulated worker fills in: a question and a skill in, the fields of a form out. Pure: lxml, no Django.

A task may say what is right, so that good workers can be right and bad ones plausibly wrong: see `hints`. Where it does
not, something is made up as right by the question's own text: good workers then agree with each other, as if there were
a truth, and bad ones differ. Whatever is handed in is something the task's controls allow.
"""

from collections.abc import Iterable
from random import Random

from marketplace.documents import DocumentError, Kind, parse_question
from marketplace.documents.forms import form_items

from .forms import Fields, fill_in
from .hand import CannotAnswer, Hand
from .hints import Gold, Hints, hints_in, hints_of
from .pages import fill_page

__all__ = ["CannotAnswer", "Fields", "Gold", "Hints", "answer", "seconds_needed"]

# Hints and attributes are the requester's own text; whatever they hold must not end the crowd.
_NONSENSE = (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError, RecursionError)


def answer(
    question: str,
    *,
    skill: float,
    rng: Random,
    gold: Gold | None = None,
    style: str = "plain",
    honest: bool = True,
    fields: Iterable[str] = (),
) -> Fields:
    """The fields a worker of that skill (0 careless, 1 perfect) hands in for a question document.

    Shape as in POST /control/submit: name to text, or to a list of texts. `gold` says what is right, by field; `honest`
    False is somebody who does not even look. `fields` names what an ExternalQuestion is answered with: its page cannot
    be read. Raises CannotAnswer where the question cannot be read, has nothing to fill in, or nothing that fits.
    """
    try:
        parsed = parse_question(question)
        hints = hints_in(question)
        for name, hint in hints_of(gold or {}).items():
            hints[name] = {**hints.get(name, {}), **hint}
        hand = Hand(skill=skill, rng=rng, hints=hints, about=question, style=style, honest=honest)
        if parsed.kind == Kind.QUESTION_FORM:
            filled = fill_in(form_items(question), hand)
        elif parsed.kind == Kind.HTML_QUESTION:
            filled = fill_page(parsed.html, hand)
        else:
            filled = _named(fields, hand)
    except DocumentError as error:
        raise CannotAnswer(f"The question cannot be read: {error}") from error
    except _NONSENSE as error:
        raise CannotAnswer(f"The task's hint or controls make no sense: {str(error)[:200] or error!r}") from error
    if not filled:
        raise CannotAnswer("The question has no field that the crowd can fill in.")
    return filled


def _named(fields: Iterable[str], hand: Hand) -> Fields:
    names = [name for name in dict.fromkeys(fields) if name]
    if not names:
        raise CannotAnswer("The crowd cannot visit other servers to do an ExternalQuestion.")
    return {name: hand.text(name, required=True) for name in names}


def seconds_needed(fields: Fields, *, skill: float, rng: Random, speed: float = 1.0) -> float:
    """How long that answer would take a person, in seconds: longer for more to do, suspiciously short for the
    careless.
    """
    work = 6 + 2.5 * len(fields) + sum(min(len(str(value)), 4000) for value in fields.values()) / 25
    haste = 0.25 if skill < 0.5 else 0.7 + skill / 2
    return round(min(900.0, max(2.0, work * haste * rng.uniform(0.6, 1.7) / max(speed, 0.001))), 3)
