"""The record of decisions cannot be changed without it being seen."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from dashboard import audit
from dashboard.forms import free_slug
from dashboard.models import AppendOnly, AuditEvent, AuditHead
from tests.cast import Lab


@pytest.fixture
def chain(lab: Lab) -> str:
    with transaction.atomic():
        for number in range(5):
            audit.record("test.event", account=lab.account, by="somebody", text=f"event {number}", data={"n": number})
    assert list(audit.verify("lab")) == []
    return "lab"


def rows(number: int) -> Any:
    return AuditEvent.objects.filter(chain="lab", number=number)


def swap() -> None:
    first, second = rows(2).get(), rows(3).get()
    rows(2).update(number=99)
    rows(3).update(number=2)
    AuditEvent.objects.filter(pk=first.pk).update(number=3)
    assert rows(2).get().pk == second.pk


def insert_with_its_own_hash() -> None:
    last = rows(5).get()
    forged = AuditEvent(chain="lab", number=6, at=last.at, actor="x", kind="x", previous_hash=last.hash, data={})
    forged.hash = audit._digest(forged)
    AuditEvent.objects.bulk_create([forged])


TAMPERING: dict[str, Any] = {
    "text": lambda: rows(3).update(text="something else"),
    "actor": lambda: rows(3).update(actor="somebody else"),
    "kind": lambda: rows(3).update(kind="x"),
    "subject": lambda: rows(3).update(subject="x"),
    "data": lambda: rows(3).update(data={"n": 3}),
    "time": lambda: rows(3).update(at=rows(2).get().at),
    "request": lambda: rows(3).update(request_id="x"),
    "hash": lambda: rows(3).update(hash="0" * 64),
    "delete one": lambda: rows(3).delete(),
    "delete the first": lambda: rows(1).delete(),
    "cut the end": lambda: AuditEvent.objects.filter(chain="lab", number__gte=4).delete(),
    "delete all": lambda: AuditEvent.objects.filter(chain="lab").delete(),
    "swap": swap,
    "put in at the end": insert_with_its_own_hash,
    "forget the end": lambda: AuditHead.objects.filter(chain="lab").delete(),
    "another chain": lambda: rows(5).update(chain="server"),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_is_found(chain: str, how: str, capsys: Any) -> None:
    TAMPERING[how]()
    with pytest.raises(CommandError, match="do not hold"):
        call_command("verify_audit")
    assert "lab #" in capsys.readouterr().err


def test_a_row_is_neither_changed_nor_deleted_by_the_program_itself(chain: str) -> None:
    event = rows(2).get()
    for act in (event.save, event.delete):
        with pytest.raises(AppendOnly):
            act()


def test_an_account_never_shares_the_servers_chain(db: None) -> None:
    assert free_slug("Server") == "server-2"
