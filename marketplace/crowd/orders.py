"""What the outside asks of a crowd: the body of POST /control/crowd."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marketplace import clock
from marketplace.crowd.gold import gold_in
from marketplace.crowd.history import work_at_once, work_through
from marketplace.crowd.people import STYLES, Range, Traits, people
from marketplace.crowd.tasks import Tasks
from marketplace.ids import ENTITY_ID

MOST_WORKERS = 10_000
MOST_ASSIGNMENTS = 1_000
MOST_HITS = 1_000
LARGEST_SEED = 2**63
LARGEST = 10**15
# Name in the body, least and most.
_TRAITS = {"skill": (0, 1), "honesty": (0, 1), "speed": (0.01, 100), "returns": (0, 1), "abandons": (0, 1)}
_OTHERS = {"workers", "assignments", "seconds", "at_once", "seed", "style", "any", "HITIds", "gold"}


@dataclass(frozen=True)
class Order:
    """So many workers like these are to take so many tasks: at once, or in that many seconds of marketplace time."""

    workers: int
    assignments: int
    seconds: float | None
    at_once: bool
    traits: Traits
    tasks: Tasks


def read(given: Mapping[str, Any]) -> Order:
    """The order in a body; ValueError with a sentence where something is wrong with it."""
    unknown = sorted(set(given) - _OTHERS - set(_TRAITS))
    if unknown:
        known = ", ".join(sorted([*_OTHERS, *_TRAITS]))
        raise ValueError(f"A crowd has no option {unknown[0][:40]!r}; there are {known}.")
    seconds = given.get("seconds")
    if seconds is not None and not (_is_number(seconds) and 0 <= seconds <= clock.FURTHEST.total_seconds()):
        raise ValueError("seconds must be a number, 0 or more, and less than a hundred years.")
    at_once = _flag(given, "at_once")
    if at_once and seconds is not None:
        raise ValueError("Give either seconds, through which the crowd lives, or at_once, which takes no time.")
    skill, honesty, speed, gives_back, forgets = (_range(given, name) for name in _TRAITS)
    style = given.get("style")
    if style is not None and style not in STYLES:
        raise ValueError(f"style must be one of {', '.join(STYLES)}.")
    return Order(
        workers=_whole(given, "workers", 1, MOST_WORKERS),
        assignments=_whole(given, "assignments", 0, MOST_ASSIGNMENTS),
        seconds=seconds,
        at_once=at_once,
        traits=Traits(skill, honesty, speed, gives_back, forgets, style),
        tasks=Tasks(
            any_open=_flag(given, "any"),
            hit_ids=_hit_ids(given),
            gold=gold_in(given.get("gold", {})),
            seed=_whole(given, "seed", 0, LARGEST_SEED) if "seed" in given else Tasks.seed,
        ),
    )


def carry_out(order: Order) -> dict[str, Any]:
    """{"submitted", "returned", "abandoned", "refused": how many, "left_alone": {HITId: why}}."""
    crowd = people(order.workers, seed=order.tasks.seed, traits=order.traits)
    if order.at_once:
        counts = work_at_once(crowd, order.tasks, assignments=order.assignments)
    else:
        counts = work_through(crowd, order.tasks, assignments=order.assignments, seconds=order.seconds)
    ends = ("submitted", "returned", "abandoned", "refused")
    return {**{end: counts[end] for end in ends}, "left_alone": order.tasks.left_alone}


def _is_number(value: Any) -> bool:
    # Compared, not converted: JSON knows whole numbers that are too long for a float.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST


def _whole(given: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = given.get(name)
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}.")
    return value


def _flag(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false.")
    return value


def _range(given: Mapping[str, Any], name: str) -> Range | None:
    """One number for all, or [least, most]."""
    if name not in given:
        return None
    value, (least, most) = given[name], _TRAITS[name]
    both = value if isinstance(value, list) else [value, value]
    if len(both) != 2 or not all(_is_number(each) and least <= each <= most for each in both) or both[0] > both[1]:
        raise ValueError(f"{name} must be a number from {least} to {most}, or two of them: [least, most].")
    return float(both[0]), float(both[1])


def _hit_ids(given: Mapping[str, Any]) -> frozenset[str]:
    if "HITIds" not in given:
        return frozenset()
    value = given["HITIds"]
    good = isinstance(value, list) and all(isinstance(each, str) and ENTITY_ID.fullmatch(each) for each in value)
    if not good or not 1 <= len(value) <= MOST_HITS:
        raise ValueError(f"HITIds must be a list of 1 to {MOST_HITS} HITIds.")
    return frozenset(value)
