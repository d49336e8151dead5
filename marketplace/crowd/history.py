"""A crowd that works without anybody waiting for it: through past days, or all at once."""

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from marketplace import clock
from marketplace.crowd.people import Person
from marketplace.crowd.tasks import Tasks, accept, finish, open_to, take

# One history at a time: two would move the clock past each other, and past the machine's. Control paths, the only
# callers, live in one process.
_living = threading.Lock()


def work_through(crowd: Sequence[Person], tasks: Tasks, *, assignments: int, seconds: float | None) -> Counter[str]:
    """Let a crowd work from marketplace time until `seconds` later, and never beyond the machine's time.

    About `assignments` tasks are taken; returns what became of them. Time moves with them, so what falls due on the way
    (auto-approval, abandonment) happens when it should. Without `seconds` marketplace time ends up exactly at the
    machine's. Not to be called inside a transaction.
    """
    with _living:
        begin, present = clock.now(), datetime.now(UTC)
        end = present if seconds is None else min(present, begin + timedelta(seconds=seconds))
        rng = Random(f"{begin:%Y-%m-%d}:{len(crowd)}:{assignments}:{tasks.seed}")  # noqa: S311
        counts: Counter[str] = Counter()
        for moment in _moments(begin, end, assignments, rng):
            _advance_to(moment)
            person = rng.choice(crowd)
            taken = take(person, tasks, rng)
            if taken is None:
                continue
            _advance_to(min(end, clock.now() + timedelta(seconds=taken.needed)))
            counts[finish(person, taken, tasks, rng)] += 1
        _advance_to(end)
        if seconds is None:
            clock.catch_up()
        return counts


def work_at_once(crowd: Sequence[Person], tasks: Tasks, *, assignments: int) -> Counter[str]:
    """Let a crowd take up to `assignments` tasks one after the other, while marketplace time stands where it is."""
    rng = Random(f"{len(crowd)}:{assignments}:{tasks.seed}")  # noqa: S311
    counts: Counter[str] = Counter()
    idle: list[Person] = list(crowd)
    while idle and counts.total() < assignments:
        person = rng.choice(idle)
        hit = open_to(person, tasks, rng)
        if hit is None:
            idle.remove(person)  # nothing opens again that this worker has not seen
            if not tasks.open_hits().exists():
                break
            continue
        taken = accept(hit, person, tasks)
        if taken is not None:
            counts[finish(person, taken, tasks, rng)] += 1
        elif hit.hit_id not in tasks.left_alone:
            idle.remove(person)  # refused for a reason that will not go away meanwhile
    return counts


def _moments(begin: datetime, end: datetime, count: int, rng: Random) -> Iterable[datetime]:
    """Random moments in order, fewer of them at night (UTC)."""
    if end <= begin:
        return []
    moments: list[datetime] = []
    while len(moments) < count:
        moment = begin + (end - begin) * rng.random()
        if rng.random() < (0.15 if moment.hour < 6 else 1.0):
            moments.append(moment)
    return sorted(moments)


def _advance_to(moment: datetime) -> None:
    ahead = (moment - clock.now()).total_seconds()
    if ahead > 0:
        clock.advance(ahead)
