"""The record of decisions: append-only, one hash chain per account, checked by `manage.py verify_audit`."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from dashboard.inserts import insert
from dashboard.models import Account, AuditEvent, AuditHead, Command, User

SERVER_CHAIN = "server"
SYSTEM = "system"
#: Actor of remote changes that nobody here asked for: auto-approval, another script.
ELSEWHERE = "elsewhere"
_COLUMNS = [field.attname for field in AuditEvent._meta.concrete_fields if not field.primary_key]


def record(
    kind: str,
    *,
    account: Account | None,
    by: User | str,
    subject: str = "",
    text: str = "",
    data: dict[str, Any] | None = None,
    command: Command | None = None,
    request_id: str = "",
) -> AuditEvent:
    """Append one event. Call it last in a transaction: it locks the end of the chain until the commit."""
    return record_many(
        account,
        [
            {
                "kind": kind,
                "actor": by if isinstance(by, str) else by.get_username(),
                "subject": subject,
                "text": text,
                "data": data or {},
                "command_id": command.pk if command else None,
                "request_id": request_id,
            }
        ],
    )[0]


def record_many(account: Account | None, rows: list[dict[str, Any]]) -> list[AuditEvent]:
    """Append events in order, locking the chain once."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An audit event belongs into the transaction of what it records.")
    if not rows:
        return []
    head = lock(account)
    chain = head.chain
    events = []
    for row in rows:
        head.number += 1
        event = AuditEvent(
            chain=chain, number=head.number, at=timezone.now(), previous_hash=head.hash, **{"data": {}, **row}
        )
        event.hash = head.hash = _digest(event)
        events.append(event)
    insert(AuditEvent(), _COLUMNS, [[getattr(event, name) for name in _COLUMNS] for event in events])
    head.save(update_fields=["number", "hash"])
    return events


def lock(account: Account | None) -> AuditHead:
    """Hold the end of a chain until the transaction ends."""
    chain = account.slug if account else SERVER_CHAIN
    heads = AuditHead.objects.select_for_update().filter(chain=chain)
    head = heads.first()
    if head is None:
        AuditHead.objects.get_or_create(chain=chain)
        head = heads.get()
    return head


def _same_after_a_database(value: Any) -> Any:
    """Data as any database gives it back: keys are texts, and 1e22, 1.0 and -0.0 may return as whole numbers."""
    if isinstance(value, dict):
        return {str(name): _same_after_a_database(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_same_after_a_database(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _digest(event: AuditEvent) -> str:
    content = [
        event.chain,
        event.number,
        event.at.isoformat(timespec="microseconds"),
        event.actor,
        event.kind,
        event.subject,
        event.text,
        _same_after_a_database(event.data),
        str(event.command_id or ""),
        event.request_id,
        event.previous_hash,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True)
class Fault:
    """One place where a chain does not hold."""

    chain: str
    number: int
    what: str


def verify(chain: str) -> Iterator[Fault]:
    """Walk a chain from its first event and name every place where it was changed, cut or filled in."""
    expected, previous = 1, ""
    for event in AuditEvent.objects.filter(chain=chain).order_by("number").iterator(chunk_size=2000):
        if event.number != expected:
            yield Fault(chain, expected, f"events {expected} to {event.number - 1} are missing")
        if event.previous_hash != previous:
            yield Fault(chain, event.number, "it does not continue the event before it")
        if event.hash != _digest(event):
            yield Fault(chain, event.number, "its content was changed after it was written")
        expected, previous = event.number + 1, event.hash
    head = AuditHead.objects.filter(chain=chain).first()
    if head is None:
        if expected > 1:
            yield Fault(chain, expected - 1, "the record of the chain's end is missing")
    elif (head.number, head.hash) != (expected - 1, previous):
        yield Fault(chain, head.number, f"the chain should end at event {head.number} and ends at {expected - 1}")


def check(chain: str) -> list[Fault]:
    """Walk a whole chain and remember for its page what was found."""
    faults = list(verify(chain))
    AuditHead.objects.filter(chain=chain).update(
        checked_at=timezone.now(),
        checked_number=F("number"),
        fault=f"Entry {faults[0].number}: {faults[0].what}." if faults else "",
    )
    return faults


def chains() -> list[str]:
    """The names of all chains, also of one whose end was removed."""
    named = set(AuditHead.objects.values_list("chain", flat=True))
    return sorted(named | set(AuditEvent.objects.order_by().values_list("chain", flat=True).distinct()))
