"""The marketplace by itself: calls a second on both databases, and what a hundred thousand HITs do to a page.

Two marketplaces run side by side, one nearly empty and one full. They are asked in turns, so that whatever else the
machine does meanwhile happens to both: the ratios hold where the milliseconds do not.
"""

import contextlib
import http.client
import itertools
import json
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests import servers
from tests.marketplace.making import HTML

KEY = "BENCHMARKET"
SIGNED = (
    f"AWS4-HMAC-SHA256 Credential={KEY}/20261121/us-east-1/mturk-requester/aws4_request, "
    f"SignedHeaders=host;x-amz-date;x-amz-target, Signature={'0' * 64}"
)
PAGE = 100
PER_HIT = 10
SMALL = {"hits": 200, "assignments": 4_000}
CLIENTS = (1, 8)


class Caller:
    """One connection that is kept open. Not boto3: eight of its clients need more of a processor than what they ask."""

    def __init__(self, market: servers.Marketplace) -> None:
        address = urlsplit(market.url)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)

    def call(self, operation: str, **request: Any) -> Any:
        headers = {
            "X-Amz-Target": f"MTurkRequesterServiceV20170117.{operation}",
            "X-Amz-Date": "20261121T000000Z",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": SIGNED,
        }
        self._connection.request("POST", "/", json.dumps(request), headers)
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == 200, f"{operation}: {answer.status} {body[:300]!r}"
        return json.loads(body)


class Market:
    """A marketplace filled with so many rows, all of one requester."""

    def __init__(self, running: servers.Marketplace, database: str, *, hits: int, assignments: int) -> None:
        self.running = running
        self.fields = new_hit_fields()
        pattern = Caller(running).call("CreateHIT", **self.fields, MaxAssignments=1)["HIT"]["HITId"]
        running.control("assignments", {"HITId": pattern, "WorkerId": "APATTERN", "Fields": {"q1": "an answer " * 20}})
        busy = min(hits - 1, assignments * 9 // 10 // PER_HIT)
        with Filling(database or running.data / "marketplace.sqlite3") as filling:
            filling.fill(hits=hits, busy=busy, on_first=assignments // 10)
        self.large = hit_id(1)
        self.hit_ids = [hit_id(number) for number in range(hits - 9, hits + 1)]
        self.to_approve = (
            assignment_id(number, place) for place in range(PER_HIT) for number in range(hits - busy + 1, hits + 1)
        )

    def most_memory(self) -> float:
        """Megabytes the process has had at most (where that is not known: has now)."""
        pid = self.running.server.process.pid
        status = Path(f"/proc/{pid}/status")
        if status.exists():
            (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
            return int(line.split()[1]) / 1024
        shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
        return int(shown.stdout) / 1024


def hit_id(number: int) -> str:
    return f"3H{1_000_000_000 + number}"


def assignment_id(number: int, place: int) -> str:
    return f"3A{1_000_000_000 + number}X{place}"


class Filling:
    """Copies of the one HIT, its assignment and its worker, made by the database: the API would need hours."""

    def __init__(self, database: str | Path) -> None:
        self._sqlite = isinstance(database, Path)
        if isinstance(database, Path):
            self._connection: Any = sqlite3.connect(database, timeout=60, isolation_level=None)
        else:
            import psycopg

            self._connection = psycopg.connect(database, autocommit=True)
            self._connection.execute("SET session_replication_role = replica")  # no foreign key is checked: all exist

    def __enter__(self) -> "Filling":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def fill(self, *, hits: int, busy: int, on_first: int) -> None:
        """The first HIT gets `on_first` assignments and the last `busy` ones ten each, in rounds as work comes in: no
        HIT's assignments lie beside each other."""
        number = "(1000000000 + n.i)"
        self._copy("worker", {"worker_id": f"'AB' || {number}"}, 1, max(on_first, 100) + PER_HIT)
        counted = f"CASE WHEN n.i = 1 THEN {on_first} WHEN n.i > {hits - busy} THEN {PER_HIT} ELSE 0 END"
        most = str(max(on_first, PER_HIT))
        changed = {"hit_id": f"'3H' || {number}", "max_assignments": most, "submitted": counted}
        self._copy("hit", changed, 1, hits)
        first_hit = self._one(f"SELECT id FROM marketplace_hit WHERE hit_id = '{hit_id(1)}'")
        first_worker = self._one("SELECT id FROM marketplace_worker WHERE worker_id = 'AB1000000001'")
        for place in range(PER_HIT):
            changed = {
                "assignment_id": f"'3L' || {number}",
                "hit_id": str(first_hit),
                "worker_id": f"{first_worker} + n.i - 1",
                "submit_time": self._earlier(f"n.i * 7919 % {on_first}"),
            }
            self._copy("assignment", changed, on_first * place // PER_HIT + 1, on_first * (place + 1) // PER_HIT)
            changed = {
                "assignment_id": f"'3A' || {number} || 'X{place}'",
                "hit_id": f"{first_hit} + n.i - 1",
                "worker_id": f"{first_worker} + n.i % 100 + {place}",
                "submit_time": self._earlier(f"n.i % 3600 + {place}"),
            }
            self._copy("assignment", changed, hits - busy + 1, hits)
        # What the copies hold never went through the ledger; without it no approval could give it back.
        self._connection.execute("UPDATE marketplace_requester SET on_hold = 1000000")
        if not self._sqlite:
            self._connection.execute("VACUUM ANALYZE")  # as the server does by itself some minutes later

    def _copy(self, table: str, changed: dict[str, str], low: int, high: int) -> None:
        """A copy of the table's oldest row for each number from `low` to `high`, called n.i in `changed`."""
        oldest = self._connection.execute(f"SELECT * FROM marketplace_{table} ORDER BY id LIMIT 1")
        same = [column[0] for column in oldest.description if column[0] not in ("id", *changed)]
        oldest.fetchall()
        self._connection.execute(f"""
            WITH RECURSIVE n(i) AS (SELECT {low} UNION ALL SELECT i + 1 FROM n WHERE i < {high})
            INSERT INTO marketplace_{table} ({", ".join([*same, *changed])})
            SELECT {", ".join([*(f"t.{name}" for name in same), *changed.values()])}
            FROM n CROSS JOIN (SELECT * FROM marketplace_{table} ORDER BY id LIMIT 1) t ORDER BY n.i""")

    def _earlier(self, seconds: str) -> str:
        if self._sqlite:
            return f"strftime('%Y-%m-%d %H:%M:%f', t.submit_time, '-' || ({seconds}) || ' seconds')"
        return f"t.submit_time - ({seconds}) * interval '1 second'"

    def _one(self, query: str) -> Any:
        return self._connection.execute(query).fetchone()[0]


def new_hit_fields() -> dict[str, Any]:
    return {
        "Title": "Read a sentence",
        "Description": "Say what it means",
        "Reward": "0.01",
        "AssignmentDurationInSeconds": 3600,
        "LifetimeInSeconds": 31_536_000,
        "AutoApprovalDelayInSeconds": 2_592_000,
        "Question": HTML,
    }


def rate(market: Market, clients: int, operation: str, requests: Sequence[dict[str, Any]]) -> float:
    """Calls a second with so many clients, each on a connection of its own; the first few calls only warm it up."""
    callers = [Caller(market.running) for _ in range(clients)]

    def share(number: int, of: Sequence[dict[str, Any]]) -> None:
        for request in of[number::clients]:
            callers[number].call(operation, **request)

    warming, measured = requests[: 2 * clients], requests[2 * clients :]
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(share, range(clients), itertools.repeat(warming)))
        start = time.perf_counter()
        list(pool.map(share, range(clients), itertools.repeat(measured)))
        return len(measured) / (time.perf_counter() - start)


def approvals(market: Market, count: int) -> list[dict[str, Any]]:
    return [{"AssignmentId": one} for one in itertools.islice(market.to_approve, count)]


Asked = Callable[[], dict[str, Any]]  # the next request


def side_by_side(
    operation: str, small: Market, ours: Asked, full: Market, theirs: Asked, times: int
) -> tuple[float, float]:
    """Median milliseconds of each, called in turns."""
    taken: tuple[list[float], list[float]] = ([], [])
    sides = ((Caller(small.running), ours, taken[0]), (Caller(full.running), theirs, taken[1]))
    for _ in range(times):
        for caller, asked, spent in sides:
            request = asked()
            start = time.perf_counter()
            caller.call(operation, **request)
            spent.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken[0]), statistics.median(taken[1])


def deep_token(market: Market, operation: str, **request: Any) -> tuple[str, int]:
    """The token of the last full page, and how many pages there are before it."""
    caller, last, token, pages = Caller(market.running), "", "", 0
    while True:
        answer = caller.call(operation, **request, MaxResults=PAGE, **({"NextToken": token} if token else {}))
        if answer["NumResults"] < PAGE or "NextToken" not in answer:
            return last, pages
        last, token, pages = token, answer["NextToken"], pages + 1


def pages(name: str, small: Market, full: Market, times: int) -> Iterator[dict[str, Any]]:
    """Each page of the full marketplace beside the same first page of the nearly empty one."""

    def compare(what: str, operation: str, ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
        ours, theirs = {**ours, "MaxResults": PAGE}, {**theirs, "MaxResults": PAGE}
        before, after = side_by_side(operation, small, lambda: ours, full, lambda: theirs, times)
        return {"name": f"{name}: {what}", "value": after, "unit": "ms", "ratio": after / before,
                "beside": f"of {before:.1f} ms with few rows"}  # fmt: skip

    few, many = {"HITId": small.large}, {"HITId": full.large}
    yield compare("ListHITs, the first page", "ListHITs", {}, {})
    token, number = deep_token(full, "ListHITs")
    yield compare(f"ListHITs, page {number}", "ListHITs", {}, {"NextToken": token})
    yield compare("ListAssignmentsForHIT, the first page", "ListAssignmentsForHIT", few, many)
    token, number = deep_token(full, "ListAssignmentsForHIT", **many)
    yield compare(f"ListAssignmentsForHIT, page {number}", "ListAssignmentsForHIT", few, {**many, "NextToken": token})
    ours, theirs = itertools.cycle(small.hit_ids), itertools.cycle(full.hit_ids)
    before, after = side_by_side(
        "ListAssignmentsForHIT", small, lambda: {"HITId": next(ours)}, full, lambda: {"HITId": next(theirs)}, times
    )
    yield {"name": f"{name}: ListAssignmentsForHIT, a HIT of ten", "value": after, "unit": "ms",
           "ratio": after / before, "beside": f"of {before:.1f} ms with few rows"}  # fmt: skip


def measure_one(name: str, folder: Path, databases: tuple[str, str], *, hits: int, assignments: int, count: int,
                times: int) -> list[dict[str, Any]]:  # fmt: skip
    def start(kind: str, database: str, **rows: int) -> Market:
        folder_of = folder / f"{name.lower()}-{kind}"
        running = stack.enter_context(
            servers.marketplace(folder_of, env={"MARKETPLACE_DATABASE_URL": database or None})
        )
        return Market(running, database, **rows)

    with contextlib.ExitStack() as stack:
        print(f"Filling a marketplace on {name} with {hits} HITs and {assignments} assignments…", flush=True)
        small = start("small", databases[0], **SMALL)
        full = start("full", databases[1], hits=hits, assignments=assignments)
        lines = []
        for operation, requests in (
            ("CreateHIT", lambda: [small.fields] * count),
            ("ListAssignmentsForHIT", lambda: [{"HITId": small.large, "MaxResults": PAGE}] * count),
            ("ApproveAssignment", lambda: approvals(small, count)),
        ):
            for clients in CLIENTS:
                print(f"{operation} with {clients} clients on {name}…", flush=True)
                made = rate(small, clients, operation, requests())
                many = f"{clients} clients" if clients > 1 else "1 client"
                lines.append({"name": f"{name}: {operation}, {many}", "value": made, "unit": "a second"})
        print(f"Pages of both on {name}…", flush=True)
        lines += pages(name, small, full, times)
        approve = side_by_side(
            "ApproveAssignment", small, lambda: approvals(small, 1)[0], full, lambda: approvals(full, 1)[0], times
        )
        lines.append({"name": f"{name}: ApproveAssignment", "value": approve[1], "unit": "ms",
                      "ratio": approve[1] / approve[0], "beside": f"of {approve[0]:.1f} ms with few rows"})  # fmt: skip
        rate(full, CLIENTS[-1], "ListHITs", [{"MaxResults": PAGE}] * count)  # many large answers at once
        lines.append({"name": f"{name}: most memory", "value": full.most_memory(), "unit": "MB"})
        return lines


def measure(folder: Path, *, hits: int = 100_000, assignments: int = 1_000_000, count: int = 200,
            times: int = 30) -> list[dict[str, Any]]:  # fmt: skip
    """Lines for the table of `make bench`; PostgreSQL is left out, with a word, where there is none."""
    lines = measure_one("SQLite", folder, ("", ""), hits=hits, assignments=assignments, count=count, times=times)
    try:
        with servers.postgres(durable=True) as postgres:
            databases = (postgres.database("bench_small"), postgres.database("bench_full"))
            lines += measure_one("PostgreSQL", folder, databases, hits=hits, assignments=assignments, count=count,
                                 times=times)  # fmt: skip
    except servers.Missing as missing:
        print(missing)
    return lines
