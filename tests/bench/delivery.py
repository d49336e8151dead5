"""Delivery: bulk approvals and bonuses beside a plain loop and beside the limit; what the ledger costs; a large job.

python -m tests.bench.delivery prepare <job>     what `measure` runs in a process of its own, to see its memory
"""

import json
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from tests import servers

KEY = "BENCHDELIVERY"
LATENCIES = (0, 50, 150)
CAP = 100.0  # calls a second, of an account whose manager wants no more
PLAIN = 30  # calls of the plain loop: one after the other, so a few tell


def fill(market: servers.Marketplace, number: int) -> None:
    from tests.bench import sync

    sync.fill(market, hits=-(-number // 50), assignments=50, key=KEY, fields={"q1": "x"})


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(market: servers.Marketplace, *, count: int, rows: int) -> list[dict]:
    from django.conf import settings
    from django.utils import timezone

    from dashboard import commands, jobs, mturk
    from dashboard.commands import claiming
    from dashboard.commands.delivery import TOGETHER
    from dashboard.models import Account, Command, JobState, Membership, Role, State, User
    from dashboard.tasks import begin_sync, run_sync
    from hits.models import Assignment

    ours_and_raw = len(LATENCIES) * (count + PLAIN) + count + count // 2
    print(f"Filling a marketplace with {ours_and_raw} answers to decide…", flush=True)
    fill(market, ours_and_raw)
    account = Account(slug="delivery", name="Delivery", endpoint_url=market.url, access_key_id=KEY, undo_seconds=0)
    account.secret_access_key = "secret"
    account.save()
    approver = User.objects.create_user("approver")
    Membership.objects.create(account=account, user=approver, role=Role.APPROVER)
    run = begin_sync(account)
    assert run is not None
    assert not run_sync(run).error
    answers: Iterator[str] = iter(Assignment.objects.order_by("pk").filter(account=account, status="Submitted")
                                  .values_list("assignment_id", flat=True))  # fmt: skip
    answers = iter(list(answers))
    connections = settings.MTURK_CONNECTIONS
    options = {"approve": {}, "bonus": {"amount": "0.01", "reason": "Thank you", "again": True}}

    def job(name: str, ids: list[str]) -> int:
        asked = jobs.ask(name, account=account, by=approver, selection={"ids": ids}, options=options[name])
        jobs.prepare(asked.pk)
        asked.refresh_from_db()
        assert (asked.state, asked.total) == (JobState.RUNNING, len(ids)), (asked.state, asked.total)
        return asked.total

    client = market.client(KEY, max_pool_connections=connections)
    workers = dict(Assignment.objects.filter(account=account).values_list("assignment_id", "worker_id"))

    def plainly(name: str, assignment_id: str) -> None:
        if name == "approve":
            client.approve_assignment(AssignmentId=assignment_id)
        else:
            client.send_bonus(
                AssignmentId=assignment_id, WorkerId=workers[assignment_id], BonusAmount="0.01", Reason="Thank you",
                UniqueRequestToken=str(uuid.uuid4()),
            )  # fmt: skip

    def bonus_with_our_client(assignment_id: str) -> None:
        params = {"AssignmentId": assignment_id, "WorkerId": workers[assignment_id], "BonusAmount": "0.01",
                  "Reason": "Thank you", "UniqueRequestToken": str(uuid.uuid4())}  # fmt: skip
        mturk.call(account, "SendBonus", params, write=True)

    def with_our_client(assignment_id: str) -> None:
        mturk.call(account, "ApproveAssignment", {"AssignmentId": assignment_id}, write=True)

    lines = []
    for latency in LATENCIES:
        ids, few = list(islice(answers, count)), list(islice(answers, PLAIN))
        print(f"Deciding {count} at {latency} ms…", flush=True)
        if latency:
            market.control("faults", {"mode": "latency", "latency_ms": latency, "rate": 1.0})
        for name, operation in (("approve", "ApproveAssignment"), ("bonus", "SendBonus")):
            job(name, ids)
            market.control("calls", method="DELETE")
            ours = count / seconds(lambda: commands.deliver_due(account.pk))
            left = Command.objects.filter(account=account).exclude(state=State.DONE).count()
            calls = market.control("calls").get(operation, 0)
            assert (left, calls) == (0, count), f"{left} not done, {calls} calls for {count} commands"
            plain = PLAIN / seconds(lambda name=name, few=few: [plainly(name, one) for one in few])  # type: ignore[misc]
            what = f"{name}, {latency} ms"
            lines += [
                {"name": f"{what}, {connections} connections", "value": ours, "unit": "a second"},
                {"name": f"{what}, a plain loop", "value": plain, "unit": "a second", "ratio": ours / plain,
                 "beside": "as fast are ours"},
            ]  # fmt: skip
            if latency:
                most = connections * 1000 / latency
                lines.append({"name": f"{what}, the limit", "value": most, "unit": "a second", "ratio": ours / most,
                              "beside": "of it are ours"})  # fmt: skip
            if name == "bonus":
                with ThreadPoolExecutor(connections) as pool:
                    raw = count / seconds(lambda ids=ids: list(pool.map(bonus_with_our_client, ids)))  # type: ignore[misc]
                lines.append({"name": f"{what}, a raw pool of {connections} threads", "value": raw, "unit": "a second",
                              "ratio": ours / raw, "beside": "of it are ours"})  # fmt: skip
            elif not latency:
                raw_ids = list(islice(answers, count))
                with ThreadPoolExecutor(connections) as pool:
                    raw = count / seconds(lambda ids=raw_ids: list(pool.map(with_our_client, ids)))  # type: ignore[misc]
                lines.append({"name": f"{what}, a raw pool of {connections} threads", "value": raw, "unit": "a second",
                              "ratio": ours / raw, "beside": "of it are ours"})  # fmt: skip
        market.control("faults", method="DELETE")

    ids = list(islice(answers, count // 2))
    print(f"Deciding {len(ids)} at {CAP:g} a second…", flush=True)
    job("approve", ids)
    # Without the burst that a pause before it would allow.
    limited = {"rate_cap": CAP, "rate_now": CAP, "rate_tokens": 0.0, "rate_at": timezone.now()}
    Account.objects.filter(pk=account.pk).update(**limited)
    ours = len(ids) / seconds(lambda: commands.deliver_due(account.pk))
    assert not Command.objects.filter(account=account).exclude(state=State.DONE).exists()
    lines.append({"name": f"approve, 0 ms, a cap of {CAP:g} a second", "value": ours, "unit": "a second",
                  "ratio": ours / CAP, "beside": "of it are ours"})  # fmt: skip
    Account.objects.filter(pk=account.pk).update(**dict.fromkeys(("rate_cap", "rate_now", "rate_at")))

    # What the rows cost by themselves: claimed, marked as sent and settled, as many together as in a delivery.
    ids = list(workers)[:count]
    job("bonus", ids)

    def ledger_alone() -> None:
        while taken := claiming.claim(account.pk):
            for start in range(0, len(taken), TOGETHER):
                batch = claiming.mark_sent(taken[start : start + TOGETHER])
                commands.settle_many([(command, commands.Outcome(State.DONE)) for command in batch])

    lines.append({"name": "claim, mark and settle", "value": seconds(ledger_alone) * 1000 / count, "unit": "ms each"})
    return lines + large_job(account, approver, rows)


def large_job(account: Any, by: Any, rows: int) -> list[dict]:
    """A job of `rows` approvals, prepared in a process of its own; and a claim with all of them queued."""
    from django.utils import timezone

    from dashboard import commands, jobs
    from dashboard.models import Account, Command, State
    from hits.models import HIT, Assignment

    print(f"Preparing a job of {rows}…", flush=True)
    hits = list(HIT.objects.filter(account=account).values_list("pk", "batch_id"))
    now = timezone.now()

    def new(number: int) -> Assignment:
        return Assignment(
            account=account,
            hit_id=hits[number % len(hits)][0],
            batch_id=hits[number % len(hits)][1],
            assignment_id=f"3LARGE{number:024d}",
            worker_id=f"A{number % 500:05d}",
            status="Submitted",
            accepted_at=now - timedelta(minutes=9),
            submitted_at=now - timedelta(seconds=number % 3000),
            auto_approval_at=now + timedelta(days=1, seconds=number),
            answer="<answer/>",
            raw={},
            synced_at=now,
        )

    for start in range(0, rows, 5000):
        Assignment.objects.bulk_create([new(number) for number in range(start, min(start + 5000, rows))])
    asking = time.perf_counter()
    asked = jobs.ask("approve", account=account, by=by, selection={"filter": {"status": "waiting"}}, options={})
    took = time.perf_counter() - asking
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench.delivery", "prepare", str(asked.pk)],
        cwd=servers.ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    prepared = json.loads(ran.stdout)
    asked.refresh_from_db()
    assert asked.total == asked.expected >= rows, (asked.total, asked.expected, rows)
    Account.objects.filter(pk=account.pk).update(budget_cap=Decimal(10_000_000))
    claims = []
    for _ in range(10):
        start_at = time.perf_counter()
        taken = commands.claim(account.pk)
        claims.append(time.perf_counter() - start_at)
        assert len(taken) == 100
    assert Command.objects.filter(account=account, state=State.SENDING).count() == 1000
    return [
        {"name": f"job of {asked.total}, asked for and prepared", "value": took + prepared["seconds"], "unit": "s"},
        {"name": f"job of {asked.total}, most memory", "value": prepared["MB"], "unit": "MB"},
        {"name": f"a claim of 100 with {asked.total} queued", "value": sorted(claims)[5] * 1000, "unit": "ms"},
    ]


def main() -> None:
    import django

    django.setup()
    from dashboard import jobs

    taken = seconds(lambda: jobs.prepare(uuid.UUID(sys.argv[2])))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1000) / 1.024
    print(json.dumps({"seconds": taken, "MB": peak}))


if __name__ == "__main__":
    main()
