"""Qualifications and panels of the demo: one that a script gave to a dozen workers, and panels of the three kinds that
people make first: who did a batch, whose answers agree with the others', and ids put in by hand."""

import uuid
from collections.abc import Callable
from hashlib import sha256

from dashboard import mturk
from dashboard.demo import market
from dashboard.models import Account, Role, User
from dashboard.permissions import Denied
from hits.models import Batch
from qualifications.actions import panels
from qualifications.models import Panel, PanelMember
from workers.models import Worker

NAME = "Careful with pictures"
HOLDERS = 12
_KEYS = uuid.UUID("4f4e7f50-3f0b-4a41-9a35-0d8d2c1a6f11")


def grant_by_script(account: Account) -> None:
    """What was there before anybody signed in: a qualification of one's own, given through the API."""
    request = {"Query": NAME, "MustBeRequestable": False, "MustBeOwnedByCaller": True}
    for page in mturk.pages(account, "ListQualificationTypes", request):
        if any(kind.get("Name") == NAME for kind in page.get("QualificationTypes", [])):
            return
    answer, _ = mturk.call(
        account,
        "CreateQualificationType",
        {
            "Name": NAME,
            "Description": "For those who found every bird in the first pictures.",
            "Keywords": "pictures, boxes",
            "QualificationTypeStatus": "Active",
        },
        write=True,
    )
    type_id = answer["QualificationType"]["QualificationTypeId"]
    for worker_id in _some_workers(account):
        value = 60 + int(sha256(worker_id.encode()).hexdigest(), 16) % 41
        params = {"QualificationTypeId": type_id, "WorkerId": worker_id, "IntegerValue": value}
        mturk.call(account, "AssociateQualificationWithWorker", {**params, "SendNotification": False}, write=True)


def _some_workers(account: Account) -> list[str]:
    found: dict[str, None] = {}
    for hit_id in market.published(account).values():
        for page in mturk.pages(account, "ListAssignmentsForHIT", {"HITId": hit_id}):
            found |= dict.fromkeys(row["WorkerId"] for row in page.get("Assignments", []))
        if len(found) >= HOLDERS:
            break
    return sorted(found)[:HOLDERS]


def make(account: Account, people: dict[Role, User], say: Callable[[str], None]) -> None:
    """Three panels, each made once; the worker fills them and tells the marketplace."""
    by = people[Role.MANAGER]
    birds = Batch.objects.filter(account=account, key="batch:birds-in-pictures").first()
    did = [{"look": "batches", "batches": [birds.pk], "how": "any"}] if birds is not None else []
    agree = [
        {"look": "agreement", "is": "above", "percent": 70, "least": 3},
        {"look": "recent", "is": "active", "days": 30},
    ]
    for name, meaning, conditions in (
        ("Did the birds", "exclude", did),
        ("Agrees with the others", "include", agree),
        ("Friends of the lab", "include", []),
    ):
        if Panel.objects.filter(account=account, name=name).exists():
            continue
        try:
            panel = panels.create(
                account=account, by=by, name=name, meaning=meaning, match="all", conditions=conditions,
                form_key=uuid.uuid5(_KEYS, name),
            )  # fmt: skip
            if not conditions:
                ids = Worker.objects.of(account).order_by("-answers", "pk").values_list("worker_id", flat=True)[:4]
                panels.pin(panel=panel, by=by, text="\n".join(ids), into=PanelMember.Pinned.IN)
        except Denied as reason:
            say(f"One of the demo's panels could not be made: {reason}")
