"""Sync rate: ours, beside a plain loop over boto3 and beside the least a database can be asked to do."""

import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils import timezone

from dashboard import mturk
from dashboard.models import Account, SyncRun
from dashboard.tasks import run_sync
from hits.models import HIT, Assignment
from tests.servers import Marketplace

KEY = "BENCH"
FORM = """<HTMLQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/HTMLQuestion.xsd">
<HTMLContent><![CDATA[<!DOCTYPE html><html><body><form action="https://www.mturk.com/mturk/externalSubmit">
<input name="assignmentId"><input name="q1"><input type="submit"></form></body></html>]]></HTMLContent>
<FrameHeight>450</FrameHeight></HTMLQuestion>"""
FIELDS = {f"question{number}": f"an answer of a usual length, number {number}" for number in range(11)}
COLUMNS = (
    "account_id", "hit_id", "batch_id", "assignment_id", "worker_id", "status", "accepted_at", "submitted_at",
    "auto_approval_at", "feedback", "answer", "raw", "synced_at",
    "data_verdict", "flagged", "fresh", "counted", "agreement", "shuffled",
)  # fmt: skip


def fill(market: Marketplace, *, hits: int, assignments: int, key: str = KEY, fields: dict[str, str] = FIELDS) -> None:
    client = market.client(key)
    created = [
        client.create_hit(
            Title="Read a sentence",
            Description="Say what it means",
            Reward="0.05",
            MaxAssignments=assignments,
            AssignmentDurationInSeconds=3600,
            LifetimeInSeconds=86400,
            Question=FORM,
        )["HIT"]["HITId"]
        for _ in range(hits)
    ]
    wanted = [(hit_id, f"A{number:05d}") for hit_id in created for number in range(assignments)]
    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(
                lambda one: market.control("assignments", {"HITId": one[0], "WorkerId": one[1], "Fields": fields}),
                wanted,
            )
        )


def account_for(market: Marketplace) -> Account:
    account = Account(slug="bench", name="Bench", endpoint_url=market.url, access_key_id=KEY)
    account.secret_access_key = "secret"
    account.save()
    return account


def empty(account: Account) -> None:
    Assignment.objects.filter(account=account).delete()
    HIT.objects.filter(account=account).delete()


def ours(account: Account) -> SyncRun:
    run = run_sync(SyncRun.objects.create(account=account))
    assert not run.error, run.error
    return run


def plain(account: Account, market: Marketplace) -> None:
    """What a script does: boto3 as it comes, page by page, and update_or_create for each row."""
    client = boto3.session.Session().client(
        "mturk",
        endpoint_url=market.url,
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key="secret",
    )
    for page in client.get_paginator("list_hits").paginate(PaginationConfig={"PageSize": 100}):
        for hit in page["HITs"]:
            row = HIT.objects.get(account=account, hit_id=hit["HITId"])
            for answers in client.get_paginator("list_assignments_for_hit").paginate(
                HITId=hit["HITId"], PaginationConfig={"PageSize": 100}
            ):
                for item in answers["Assignments"]:
                    Assignment.objects.update_or_create(
                        account=account,
                        assignment_id=item["AssignmentId"],
                        defaults={
                            "hit": row,
                            "batch_id": row.batch_id,
                            "worker_id": item["WorkerId"],
                            "status": item["AssignmentStatus"],
                            "accepted_at": item["AcceptTime"],
                            "submitted_at": item["SubmitTime"],
                            "auto_approval_at": item["AutoApprovalTime"],
                            "answer": item["Answer"],
                            "raw": {name: value for name, value in item.items() if name != "Answer"},
                            "synced_at": timezone.now(),
                        },
                    )


def raw(account: Account) -> None:
    """The floor: our client and its connections, then executemany with ON CONFLICT; nothing read, nothing compared."""
    changed = [name for name in COLUMNS if name not in ("account_id", "assignment_id")]
    statement = (
        f"INSERT INTO {Assignment._meta.db_table} ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))}) "
        f"ON CONFLICT (account_id, assignment_id) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in changed)
    )
    moment = connection.ops.adapt_datetimefield_value
    places = HIT.objects.filter(account=account).values_list("hit_id", "pk", "batch_id")
    place_of = {hit_id: (pk, batch) for hit_id, pk, batch in places}
    listed = [hit["HITId"] for page in mturk.pages(account, "ListHITs") for hit in page["HITs"]]
    requests = ((hit_id, {"HITId": hit_id}) for hit_id in listed)
    for page in mturk.pages_of_many(account, "ListAssignmentsForHIT", requests):
        now = moment(timezone.now())
        rows = [
            (
                account.pk, *place_of[page.key], item["AssignmentId"], item["WorkerId"], item["AssignmentStatus"],
                moment(item["AcceptTime"]), moment(item["SubmitTime"]), moment(item["AutoApprovalTime"]), "",
                item["Answer"],
                json.dumps({name: value for name, value in item.items() if name != "Answer"}, cls=DjangoJSONEncoder),
                now, "", False, True, "", 101, 0,
            )
            for item in page.response["Assignments"]
        ]  # fmt: skip
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def seconds(work: Callable[[], Any], *, before: Callable[[], Any], repeat: int) -> float:
    taken = []
    for _ in range(repeat):
        before()
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def measure(market: Marketplace, *, hits: int, assignments: int, repeat: int) -> list[dict]:
    total = hits * assignments
    print(f"Filling a marketplace with {hits} HITs of {assignments} assignments…", flush=True)
    fill(market, hits=hits, assignments=assignments)
    account = account_for(market)
    ours(account)

    def without_assignments() -> None:
        Assignment.objects.filter(account=account).delete()

    def checked(work: Callable[[], Any]) -> Callable[[], None]:
        def both() -> None:
            work()
            # Inside the time for all three: a way that loses rows would look fast.
            assert Assignment.objects.filter(account=account).count() == total

        return both

    print("Reading it…", flush=True)
    our_rate = total / seconds(checked(lambda: ours(account)), before=lambda: empty(account), repeat=repeat)
    raw_rate = total / seconds(checked(lambda: raw(account)), before=without_assignments, repeat=repeat)
    plain_rate = total / seconds(checked(lambda: plain(account, market)), before=without_assignments, repeat=repeat)
    ours(account)
    market.control("calls", method="DELETE")
    unchanged = seconds(lambda: ours(account), before=lambda: None, repeat=1)
    calls = sum(market.control("calls").values())
    return [
        {"name": "sync, ours", "value": our_rate, "unit": "assignments/s"},
        {
            "name": "sync, boto3 and update_or_create one by one",
            "value": plain_rate,
            "unit": "assignments/s",
            "ratio": our_rate / plain_rate,
            "beside": "faster is ours",
        },
        {
            "name": "sync, our client and raw executemany",
            "value": raw_rate,
            "unit": "assignments/s",
            "ratio": our_rate / raw_rate,
            "beside": "of it is ours",
        },
        {"name": f"sync of {hits} unchanged HITs", "value": unchanged * 1000, "unit": "ms"},
        {"name": f"sync of {hits} unchanged HITs", "value": calls, "unit": "calls"},
    ]
