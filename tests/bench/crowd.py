"""Two hundred simulated workers at once: what accepting and handing in take, and whether all is in order afterwards.

Each worker is a thread with a connection of its own, who takes tasks, thinks (several times as fast as people do),
hands them in, gives some back and forgets some. Most tasks have places for everybody, some for few, so that there are
races. Afterwards every assignment has to have been given once, and every cent has to be where it belongs.
"""

import contextlib
import http.client
import json
import statistics
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

from marketplace.crowd.answers import answer, seconds_needed
from marketplace.crowd.people import Person, people
from tests import servers
from tests.bench.marketplace import Caller
from tests.marketplace.making import FORM, KIND, SCHEMAS

SPEED = 4.0  # times as fast as people: a task takes some seconds
ROOMY, SCARCE = 45, 15  # HITs
PLACES_FOR_FEW = 20
LONGEST = 10.0  # seconds one task takes
FIRST_ARRIVALS = 2.0  # seconds in which the workers come


def _page(body: str) -> str:
    return (
        f'<HTMLQuestion xmlns="{SCHEMAS}2011-11-11/HTMLQuestion.xsd"><HTMLContent><![CDATA[<!DOCTYPE html><html><body>'
        f"{body}</body></html>]]></HTMLContent><FrameHeight>0</FrameHeight></HTMLQuestion>"
    )


QUESTIONS = (
    FORM,
    _page(
        '<form><input name="shop" required><input type="number" name="total" min="0" max="99" step="0.01">'
        '<input type="radio" name="paid" value="card"><input type="radio" name="paid" value="cash">'
        '<textarea name="why" required></textarea></form>'
    ),
    _page(
        "<crowd-form><crowd-bounding-box name='annotatedResult' labels=\"['Bird', 'Plane']\" "
        "src='https://pictures.example.org/1.png'></crowd-bounding-box></crowd-form>"
    ),
    _page(
        "<crowd-form answer-format='flatten-objects'>"
        "<crowd-classifier name='mood' categories=\"['Good', 'Bad', 'Mixed']\"></crowd-classifier>"
        "<crowd-slider name='sure' min='0' max='10'></crowd-slider></crowd-form>"
    ),
)


@dataclass
class Log:
    """What all workers did: milliseconds of each call, what went wrong, and which assignments they got."""

    accepting: list[float] = field(default_factory=list)
    submitting: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    given: list[tuple[str, str, str]] = field(default_factory=list)  # (HITId, WorkerId, AssignmentId)
    submitted: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)
    too_late: int = 0  # somebody else took the last place


class Worker(threading.Thread):
    """One person, who works until `end` (monotonic)."""

    def __init__(self, person: Person, url: str, hits: dict[str, str], log: Log, end: float, speed: float) -> None:
        super().__init__(daemon=True)
        self.person, self.hits, self.log, self.end, self.speed = person, hits, log, end, speed
        self.rng = Random(person.worker_id)
        address = urlsplit(url)
        self.connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)

    def run(self) -> None:
        try:
            time.sleep(self.rng.uniform(0, FIRST_ARRIVALS))
            waiting = self.rng.sample(sorted(self.hits), len(self.hits))
            while waiting and time.monotonic() < self.end:
                self.do(waiting.pop())
        except Exception as error:  # a thread's failure has to be seen
            self.log.problems.append(f"{self.person.worker_id}: {error!r}")
        finally:
            self.connection.close()

    def do(self, hit_id: str) -> None:
        person, rng, log = self.person, self.rng, self.log
        fields = answer(self.hits[hit_id], skill=person.skill, rng=rng, style=person.style)
        whose = {"HITId": hit_id, "WorkerId": person.worker_id}
        accepted = self.call("accept", whose, log.accepting)
        if accepted is None:
            log.too_late += 1
            return
        assignment_id = accepted["AssignmentId"]
        log.given.append((hit_id, person.worker_id, assignment_id))
        needed = min(LONGEST, seconds_needed(fields, skill=person.skill, rng=rng, speed=self.speed * person.speed))
        time.sleep(max(0.0, min(needed, self.end - time.monotonic())))
        fate = rng.random()
        # At the end everybody goes home as they are: handing in all at once is not what is measured.
        if fate < person.forgets or time.monotonic() >= self.end:
            return
        if fate < person.forgets + person.gives_back:
            self.call("return", {"AssignmentId": assignment_id}, [])
            log.returned.add(assignment_id)
            return
        self.call("submit", {"AssignmentId": assignment_id, "Fields": fields}, log.submitting)
        log.submitted.add(assignment_id)

    def call(self, path: str, body: dict[str, Any], taken: list[float]) -> Any:
        """The answer; None where the HIT has no place left. Anything else that is no success is a problem."""
        sent = json.dumps(body)
        start = time.perf_counter()
        self.connection.request("POST", f"/control/{path}", sent, {"Content-Type": "application/json"})
        reply = self.connection.getresponse()
        data = reply.read()
        taken.append((time.perf_counter() - start) * 1000)
        found = json.loads(data)
        if reply.status == 409 and path == "accept" and found["error"] == "unavailable":
            return None
        if reply.status != 200:
            raise AssertionError(f"{path}: {reply.status} {found}")
        return found


def measure(
    folder: Path, *, workers: int = 200, seconds: float = 60, speed: float = SPEED, postgres: bool = False
) -> list[dict[str, Any]]:
    """Lines for the table; AssertionError where something went wrong, was given twice, or money is missing."""
    with contextlib.ExitStack() as stack:
        env = {}
        if postgres:
            env["MARKETPLACE_DATABASE_URL"] = stack.enter_context(servers.postgres(durable=True)).database("crowd")
        running = stack.enter_context(servers.marketplace(folder / "crowd", env=env))
        return _measured(running, workers, seconds, speed)


def _measured(running: servers.Marketplace, workers: int, seconds: float, speed: float) -> list[dict[str, Any]]:
    requester = Caller(running)
    most: dict[str, int] = {}
    hits: dict[str, str] = {}
    for number in range(ROOMY + SCARCE):
        places = workers if number < ROOMY else min(workers, PLACES_FOR_FEW)
        question = QUESTIONS[number % len(QUESTIONS)]
        wanted = {**KIND, "Reward": "0.05", "LifetimeInSeconds": 86_400, "Question": question}
        hit_id = requester.call("CreateHIT", **wanted, MaxAssignments=places)["HIT"]["HITId"]
        most[hit_id], hits[hit_id] = places, question
    log, started = Log(), time.monotonic()
    threads = [Worker(person, running.url, hits, log, started + seconds, speed) for person in people(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 300)
    took = time.monotonic() - started
    assert not any(thread.is_alive() for thread in threads), "some workers never came back"
    assert not log.problems, f"{len(log.problems)} calls went wrong, the first: {log.problems[0]}"
    check_given_once(log, most)
    check_kept(running, requester, log, most)
    check_money(running, requester)
    name = f"crowd of {workers}"
    return [
        {"name": f"{name}: tasks handed in", "value": len(log.submitted) / took, "unit": "per s"},
        {"name": f"{name}: came too late", "value": float(log.too_late), "unit": "times"},
        *_latency(f"{name}: accept", log.accepting),
        *_latency(f"{name}: submit", log.submitting),
    ]


def _latency(name: str, taken: list[float]) -> list[dict[str, Any]]:
    p95 = statistics.quantiles(taken, n=20)[-1]
    return [
        {"name": f"{name}, median", "value": statistics.median(taken), "unit": "ms"},
        {"name": f"{name}, p95", "value": p95, "unit": "ms"},
    ]


def check_given_once(log: Log, most: dict[str, int]) -> None:
    """No assignment went to two workers, nobody has a HIT twice, and no HIT has more takers than places."""
    kept = [(hit_id, worker_id, given) for hit_id, worker_id, given in log.given if given not in log.returned]
    _no_two(given for _, _, given in log.given)
    _no_two((hit_id, worker_id) for hit_id, worker_id, _ in kept)
    for hit_id, takers in Counter(hit_id for hit_id, _, _ in kept).items():
        assert takers <= most[hit_id], f"{hit_id} has {most[hit_id]} places and {takers} takers"


def _no_two(things: Any) -> None:
    (twice,) = Counter(things).most_common(1) or [(None, 0)]
    assert twice[1] == 1, f"{twice[0]} was given {twice[1]} times"


def check_kept(running: servers.Marketplace, requester: Caller, log: Log, most: dict[str, int]) -> None:
    """The requester gets exactly what was handed in, and the counts add up."""
    found: list[str] = []
    for hit_id, places in most.items():
        token: dict[str, str] = {}
        while True:
            page = requester.call("ListAssignmentsForHIT", HITId=hit_id, MaxResults=100, **token)
            found += [one["AssignmentId"] for one in page["Assignments"]]
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
        hit = requester.call("GetHIT", HITId=hit_id)["HIT"]
        handed_in = sum(given in log.submitted for on, _, given in log.given if on == hit_id)
        left = hit["NumberOfAssignmentsAvailable"] + hit["NumberOfAssignmentsPending"]
        assert left + handed_in == places, f"{hit_id}: {left} open or in hand, {handed_in} handed in, of {places}"
    _no_two(found)
    assert set(found) == log.submitted, "what was handed in is not what the requester gets"


def check_money(running: servers.Marketplace, requester: Caller) -> None:
    """What was deposited is available, on hold or paid, and what is on hold is what the ledger says."""
    sums: Counter[str] = Counter()
    for entry in running.control("ledger", method="GET"):
        sums[entry["kind"]] += Decimal(entry["amount"])  # type: ignore[assignment]
    balance = requester.call("GetAccountBalance")
    available, held = Decimal(balance["AvailableBalance"]), Decimal(balance["OnHoldBalance"])
    paid = sum(Decimal(sums[kind]) for kind in ("reward", "bonus", "fee"))
    assert held == sums["hold"] - sums["release"], f"on hold: {held}; by the ledger {sums['hold'] - sums['release']}"
    assert available + held + paid == sums["deposit"], f"{available} + {held} + {paid} is not {sums['deposit']}"
