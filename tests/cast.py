"""The cast of the dashboard's tests: four people of one account, one stranger, and a HIT with answers."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, connections

from dashboard import incoming
from dashboard.models import Account, Membership, Role, SyncRun, User
from dashboard.tasks import begin_sync, read_file, run_sync
from tests.passwords import QuickHasher

PASSWORD = "correct horse"
_HASH = QuickHasher().encode(PASSWORD, "salt")

HTML_QUESTION = """<HTMLQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/HTMLQuestion.xsd">
<HTMLContent><![CDATA[<!DOCTYPE html><html><body>
<form name="mturk_form" method="post" action="https://www.mturk.com/mturk/externalSubmit">
<input type="hidden" name="assignmentId" value=""><label>Total <input name="total"></label><input type="submit">
</form></body></html>]]></HTMLContent>
<FrameHeight>400</FrameHeight></HTMLQuestion>"""


@dataclass
class Lab:
    """An account at a running marketplace, whose requester nobody else uses."""

    server: Any
    account: Account
    people: dict[str, User] = field(default_factory=dict)

    @property
    def mturk(self) -> Any:
        return self.server.client(self.account.access_key_id)

    def hit(self, **changes: Any) -> str:
        """Publish a HIT; returns its id."""
        request = {
            "Title": "Receipt totals",
            "Description": "Type the total of a receipt.",
            "Keywords": "receipt, total",
            "Reward": "0.10",
            "MaxAssignments": 3,
            "LifetimeInSeconds": 3600,
            "AssignmentDurationInSeconds": 600,
            "AutoApprovalDelayInSeconds": 86400,
            "Question": HTML_QUESTION,
            **changes,
        }
        return self.mturk.create_hit(**request)["HIT"]["HITId"]

    def answer(self, hit_id: str, worker: str | None = None, **fields: str) -> str:
        """A worker accepts and submits; returns the assignment's id."""
        worker = worker or "A" + uuid.uuid4().hex[:13].upper()
        done = self.server.control(
            "assignments", {"HITId": hit_id, "WorkerId": worker, "Fields": fields or {"total": "12.40"}}
        )
        return done["AssignmentId"]

    def sync(self, *, full: bool = False) -> SyncRun:
        run = begin_sync(self.account, full=full)
        assert run is not None
        run_sync(run)
        self.account.refresh_from_db()
        return run

    def ledger(self, *kinds: str) -> list[dict[str, Any]]:
        """Movements of money of this requester."""
        key = self.account.access_key_id
        return [
            row
            for row in self.server.control("ledger")
            if row["requester"] == key and (not kinds or row["kind"] in kinds)
        ]

    def paid(self, assignment_id: str, kind: str = "reward") -> list[str]:
        """The amounts that were really paid for an assignment."""
        return [row["amount"] for row in self.ledger(kind) if row["assignment"] == assignment_id]

    def remote_status(self, assignment_id: str) -> str:
        return self.mturk.get_assignment(AssignmentId=assignment_id)["Assignment"]["AssignmentStatus"]


def read_files() -> None:
    """What a worker does about files that were handed over."""
    for file_id in incoming.due():
        read_file(str(file_id))


def make_lab(server: Any, slug: str = "lab", **columns: Any) -> Lab:
    account = Account(
        slug=slug,
        name=slug.title(),
        endpoint_url=server.url,
        access_key_id="AKIA" + uuid.uuid4().hex[:16].upper(),
        **{"undo_seconds": 0, **columns},
    )
    account.secret_access_key = "secret"
    account.save()
    lab = Lab(server, account)
    for role in Role:
        lab.people[role.label] = user = User.objects.create(username=f"{role.label}-{slug}", password=_HASH)
        Membership.objects.create(account=account, user=user, role=role)
    return lab


def all_at_once(*jobs: Callable[[], Any]) -> list[str]:
    """Do each in a thread of its own with a connection of its own; what they raised, if anything."""
    failures: list[str] = []
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> None:
        try:
            gate.wait(20)
            job()
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@contextmanager
def meanwhile(does: Callable[[], Any], *, table: str, looks: int = 1) -> Iterator[None]:
    """Right after so many looks into a table, once, what somebody else does at the same time."""
    left = looks

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        found = execute(sql, params, many, context)
        if left and sql.startswith("SELECT") and f'FROM "{table}"' in sql:
            left -= 1
            if not left:
                does()
        return found

    with connection.execute_wrapper(watch):
        yield
    assert not left, f"nobody looked into {table} so often"
