"""A crowd at work beside the server, in a thread of its own, in real time."""

import heapq
import itertools
import logging
import threading
import time
from random import Random

from django.db import close_old_connections

from marketplace import clock
from marketplace.crowd.people import Person, people
from marketplace.crowd.tasks import Taken, Tasks, finish, take

log = logging.getLogger(__name__)

# A lively minute for whoever has just started the demo, then slower and slower, so that its HITs last for hours.
FIRST_GAP, LAST_GAP, SLOWS_BY = 3.0, 45.0, 60.0  # seconds, seconds, seconds of uptime per second of gap
PEOPLE_PER_PLACE = 5  # the crowd is larger than the number at work at once: people come and go
SHORTEST, LONGEST = 4.0, 60.0  # seconds a task takes in the demo, whatever it would take a person
REST = 30.0  # seconds without anything to do, or after something went wrong


def start(
    count: int, *, tasks: Tasks | None = None, speed: float = 1.0, stop: threading.Event | None = None
) -> threading.Thread:
    """Put a crowd to work, at most `count` of them at the same time; `speed` times as fast as in the demo.

    It ends with the process, or soon after `stop` is set.
    """
    given = (count, tasks or Tasks(), speed, stop or threading.Event())
    thread = threading.Thread(target=_run, args=given, name="crowd", daemon=True)
    thread.start()
    return thread


def _run(count: int, tasks: Tasks, speed: float, stop: threading.Event) -> None:
    rng = Random()  # noqa: S311  # who comes when differs from start to start; who they are and what they answer does not
    crowd = people(count * PEOPLE_PER_PLACE, seed=tasks.seed)
    busy: dict[str, Person] = {}
    due: list[tuple[float, int, str, Taken]] = []  # when (monotonic), tie breaker, WorkerId, what
    numbers = itertools.count()
    began = time.monotonic()
    arrival = began + FIRST_GAP / speed
    while not stop.wait(max(0.001, min([arrival, *(entry[0] for entry in due[:1])]) - time.monotonic())):
        now = time.monotonic()
        try:
            while due and due[0][0] <= now:
                _, _, worker_id, taken = heapq.heappop(due)
                finish(busy.pop(worker_id), taken, tasks, rng)
            if arrival <= now:
                gap = min(LAST_GAP, FIRST_GAP + (now - began) / SLOWS_BY) / speed
                arrival = now + rng.uniform(0.5, 1.5) * gap
                # While marketplace time is behind, its history is being made (history.work_through).
                if len(busy) >= count or clock.is_behind():
                    continue
                person = rng.choice([person for person in crowd if person.worker_id not in busy])
                begun = take(person, tasks, rng)
                if begun is None:
                    continue
                busy[person.worker_id] = person
                seconds = min(LONGEST, max(SHORTEST, begun.needed)) / speed
                heapq.heappush(due, (now + seconds, next(numbers), person.worker_id, begun))
        except Exception:
            log.exception("The crowd stumbled; it goes on in %s seconds", REST)
            arrival = time.monotonic() + REST
        finally:
            close_old_connections()
