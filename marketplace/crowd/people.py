"""Who the simulated workers are: good, hasty, hopeless, dishonest. The same seed always makes the same people."""

import hashlib
from dataclasses import dataclass
from random import Random

STYLES = ("plain", "brief", "chatty", "sloppy")
Range = tuple[float, float]


@dataclass(frozen=True)
class Person:
    """A simulated worker.

    `skill` from 0 (careless) to 1 (perfect); `honesty` the part of tasks that is really done, the rest being spam;
    `speed` how many tasks are done while others do one; `style` of texts, one of STYLES; `gives_back` and `forgets` how
    often a task is returned, or left until its time is up.
    """

    worker_id: str
    skill: float
    gives_back: float = 0.0
    forgets: float = 0.0
    honesty: float = 1.0
    speed: float = 1.0
    style: str = "plain"


@dataclass(frozen=True)
class Traits:
    """What a whole crowd is like: ranges its people are spread over; None for the usual mixture."""

    skill: Range | None = None
    honesty: Range | None = None
    speed: Range | None = None
    gives_back: Range | None = None
    forgets: Range | None = None
    style: str | None = None


def people(count: int, *, seed: int = 7, traits: Traits | None = None) -> list[Person]:
    """The first `count` of a crowd: most are good, some are hasty, a few are hopeless and seldom honest."""
    traits = traits or Traits()
    return [_person(number, seed, traits) for number in range(count)]


def _person(number: int, seed: int, traits: Traits) -> Person:
    rng = Random(f"{seed}:{number}")  # noqa: S311
    kind = rng.random()
    if kind < 0.7:
        skill, honesty = rng.uniform(0.86, 0.99), 1.0
    elif kind < 0.9:
        skill, honesty = rng.uniform(0.55, 0.8), 0.97
    else:
        skill, honesty = rng.uniform(0.1, 0.35), 0.6
    gives_back, forgets = rng.uniform(0, 0.08), rng.uniform(0, 0.03)
    # Every number is drawn whether or not it is used: a trait that is asked for leaves the others as they were.
    drawn = [rng.random() for _ in range(5)]
    speed, style = 0.75 + drawn[0] ** 2, STYLES[int(drawn[1] * len(STYLES))]

    def within(asked: Range | None, usual: float, where: float) -> float:
        return usual if asked is None else asked[0] + (asked[1] - asked[0]) * where

    return Person(
        worker_id="A" + hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()[:13].upper(),
        skill=within(traits.skill, skill, drawn[2]),
        gives_back=within(traits.gives_back, gives_back, drawn[3]),
        forgets=within(traits.forgets, forgets, drawn[4]),
        honesty=within(traits.honesty, honesty, drawn[3]),
        speed=within(traits.speed, speed, drawn[0]),
        style=traits.style or style,
    )
