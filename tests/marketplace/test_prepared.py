"""Statements that are built once say what the ORM would say."""

import datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError

from marketplace import clock, ledger, prepared
from marketplace.models import HIT, Bonus, HITType, LedgerEntry, Requester, Worker

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def requester():
    return Requester.for_key("AKIAPREPARED")


@pytest.fixture
def hit(requester):
    now = clock.now()
    kind = HITType.objects.create(
        requester=requester,
        created_at=now,
        title="%s per cent",
        description="d",
        reward=Decimal("0.10"),
        assignment_duration=60,
        auto_approval_delay=60,
        requirements=[{"Comparator": "In", "IntegerValues": [1, 2]}],
        digest="x",
    )
    return HIT.objects.create(
        requester=requester,
        hit_type=kind,
        created_at=now,
        expiration=now + HOUR,
        question="<q>%s</q>",
        max_assignments=3,
        open_slots=3,
        hit_review_policy={"PolicyName": "p"},
    )


def values(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize(
    "which",
    [
        lambda hit: {"pk": hit.pk},
        lambda hit: {"hit_id": hit.hit_id, "requester": hit.requester, "disposed_at": None},
        lambda hit: {"hit_type__title": "%s per cent", "lapsed": False},
        lambda hit: {"expiration__lte": hit.expiration, "pk": hit.pk},
    ],
)
def test_a_row_comes_as_the_orm_gives_it(hit, which):
    found = prepared.one(HIT, lock=True, **which(hit))
    assert values(found) == values(HIT.objects.get())
    assert values(prepared.one(HITType, pk=found.hit_type_id)) == values(HITType.objects.get())
    assert found.hit_type.requester == found.requester


@pytest.mark.parametrize(
    "which",
    [
        lambda hit: {"pk": hit.pk + 1},
        lambda hit: {"pk": hit.pk, "disposed_at": None, "lapsed": True},
        lambda hit: {"pk": hit.pk, "expiration__lte": hit.expiration - HOUR},
        lambda hit: {"hit_id": f"{hit.hit_id}' OR '1'='1"},
    ],
)
def test_nothing_is_found_where_nothing_is(hit, which):
    assert prepared.one(HIT, **which(hit)) is None


def test_none_and_a_value_are_different_questions(hit):
    assert prepared.one(HIT, pk=hit.pk, disposed_at=None) == hit
    assert prepared.one(HIT, pk=hit.pk, disposed_at=hit.created_at) is None
    hit.disposed_at = hit.created_at
    prepared.update(hit, "disposed_at")
    assert prepared.one(HIT, pk=hit.pk, disposed_at=None) is None
    assert prepared.one(HIT, pk=hit.pk, disposed_at=hit.created_at) == hit


def test_an_update_writes_what_it_names_and_nothing_else(hit):
    hit.open_slots, hit.expiration, hit.hit_review_policy, hit.lapsed = 1, hit.expiration + HOUR, {"a": [1]}, False
    hit.annotation = "not named"
    prepared.update(hit, "open_slots", "expiration", "hit_review_policy", "lapsed")
    assert values(HIT.objects.get()) == values(hit) | {"annotation": ""}


def test_updating_a_row_that_is_gone_is_an_error(hit):
    gone = HIT.objects.get()
    hit.delete()
    with pytest.raises(DatabaseError, match="not there any more"):
        prepared.update(gone, "open_slots")


def test_a_constraint_holds_all_the_same(requester):
    requester.available = Decimal("-0.01")
    with pytest.raises(DatabaseError):
        prepared.update(requester, "available")


def test_new_rows_are_whole_and_money_keeps_its_cents(requester, hit):
    at = clock.now()
    worker = Worker.objects.create(worker_id="AWORKER", created_at=at)
    rows = [
        LedgerEntry(kind="reward", requester=requester, worker=worker, hit=hit, amount=Decimal("0.10"), at=at),
        LedgerEntry(kind="fee", requester=requester, amount=Decimal("9999999999.99"), token="'; --", at=at),
    ]
    prepared.insert(rows)
    written = list(LedgerEntry.objects.exclude(kind="deposit").order_by("pk"))
    assert [values(row) | {"id": None} for row in written] == [values(row) for row in rows]
    assert ledger.entries()[-1]["amount"] == "9999999999.99"


def test_a_statement_is_built_once():
    prepared.one(Bonus, pk=1)
    built = prepared._query.cache_info().misses
    prepared.one(Bonus, pk=2)
    assert prepared._query.cache_info().misses == built
