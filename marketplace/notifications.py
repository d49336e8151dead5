"""Telling requesters what happens to their HITs: the event documents, written where the event happens, sent later.

`tell` writes the document as a row in the transaction of what it tells of, so that there is one exactly if it happened;
sending.py brings it to the queue or topic, at least once. Source: api, chapter Managing Notifications (5860-6136), and
a document recorded in 2019, from which the members' order and SourceAccount are known.
"""

import hashlib
import json
import secrets
from datetime import UTC, datetime
from typing import Any

from . import ids, prepared
from .models import HIT, Assignment, Notification, NotificationSetting, Requester

DOCUMENT_VERSION = "2014-08-15"
# The reference's and botocore's: both name the same document, as they did at MTurk.
VERSIONS = ("2014-08-15", "2006-05-05")


def tell(event_type: str, hit: HIT, *, assignment: Assignment | None = None, at: datetime) -> None:
    """Write what happened for whoever asked to be told; one query where nobody did."""
    setting = prepared.one(NotificationSetting, hit_type_id=hit.hit_type_id)
    if setting is None or not setting.is_active or event_type not in setting.event_types:
        return
    event = {"EventType": event_type, "EventTimestamp": _timestamp(at), "HITId": hit.hit_id}
    if assignment is not None:
        event["AssignmentId"] = assignment.assignment_id
    event["HITTypeId"] = hit.hit_type.hit_type_id
    now = datetime.now(UTC)  # when to send it, and when to give up, is a matter of the machine's clock
    row = Notification(
        requester_id=hit.requester_id,
        transport=setting.transport,
        destination=setting.destination,
        body=_document(hit.requester, event),
        created_at=now,
        not_before=now,
    )
    prepared.insert([row])


def test_document(requester: Requester, event_type: str, at: datetime) -> str:
    """The document of an event that did not happen; its ids belong to nothing."""
    event = {"EventType": event_type, "EventTimestamp": _timestamp(at), "HITId": ids.new_id()}
    if event_type.startswith("Assignment"):
        event["AssignmentId"] = ids.new_id()
    return _document(requester, event | {"HITTypeId": ids.new_id()})


def _document(requester: Requester, event: dict[str, str]) -> str:
    said: dict[str, Any] = {
        "Events": [event],
        "EventDocId": secrets.token_hex(20),  # stays the same when it is sent again, so that receivers can tell
        "SourceAccount": _source_account(requester),
        "CustomerId": _customer_id(requester),
        "EventDocVersion": DOCUMENT_VERSION,
    }
    return json.dumps(said, separators=(",", ":"))


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _digest(requester: Requester) -> int:
    return int.from_bytes(hashlib.sha256(requester.access_key_id.encode()).digest())


def _source_account(requester: Requester) -> str:
    """Twelve digits, always the same for the same requester, as an AWS account has."""
    return f"{_digest(requester) % 10**12:012d}"


def _customer_id(requester: Requester) -> str:
    """The requester as a person: the WorkerId of who has one, else one of that form that stays the same."""
    if requester.worker:
        return requester.worker.worker_id
    number, letters = _digest(requester), ""
    for _ in range(13):
        number, place = divmod(number, len(ids.CAPITALS))
        letters += ids.CAPITALS[place]
    return "A" + letters
