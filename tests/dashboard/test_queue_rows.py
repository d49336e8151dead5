"""The rows of the queue: what strangers wrote stays text in each place, and undo goes when its time is over."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.utils import timezone

from dashboard.models import Account, Command, Membership
from dashboard.pages import ordering
from hits.actions import approve
from hits.forms import SORTS
from hits.models import Assignment, Batch, HITType
from hits.views.rows import rows_of
from tests.cast import Lab

ATTACK = "\"><script>alert(1)</script>'&"


def drawn(lab: Lab, query: str = "") -> str:
    membership = Membership.objects.select_related("account", "user").get(user=lab.people["reviewer"])
    (row,) = rows_of(membership, query, Assignment.objects.for_rows())
    return render_to_string("hits/queue.html#row", {"row": row, "query": query, "csrf_token": "x"})


def test_what_strangers_wrote_is_text_everywhere_in_a_row(lab: Lab) -> None:
    lab.answer(lab.hit(), total=ATTACK)
    lab.sync()
    Assignment.objects.update(worker_id=ATTACK, assignment_id=ATTACK.replace("/", ""))
    HITType.objects.update(title=ATTACK)
    Batch.objects.update(name=ATTACK)
    page = drawn(lab, query=f"worker={ATTACK}")
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 6


def test_undo_is_offered_for_as_long_as_it_can_be_done(lab: Lab) -> None:
    lab.answer(lab.hit())
    lab.sync()
    lab.account.undo_seconds = 60
    lab.account.save(update_fields=["undo_seconds"])
    command: Any = approve(assignment=Assignment.objects.get(), by=lab.people["reviewer"])
    assert "Undo" in drawn(lab)
    Command.objects.filter(pk=command.pk).update(not_before=timezone.now() - timedelta(seconds=1))
    page = drawn(lab)
    assert "Undo" not in page
    assert "Approving" in page
    assert "reviewer" in page


def test_counting_what_waits_reads_no_row(db: None) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL decides that by itself, and says so only of a large table.")
    waiting = Assignment.objects.of(Account(pk=1)).awaiting_review()
    with connection.cursor() as cursor:
        cursor.execute("SELECT rootpage FROM sqlite_master WHERE name = %s", [Assignment._meta.db_table])
        (table,) = cursor.fetchone()
        for _, column, descending in SORTS.values():
            rows = waiting.order_by(*ordering(column, descending=descending)).values("pk")[:9]
            statement, words = rows.query.sql_with_params()
            cursor.execute(f"EXPLAIN SELECT COUNT(*) FROM ({statement})", words)
            steps = [(step, first, second) for _, step, first, second, *_ in cursor.fetchall()]
            (opened,) = [first for step, first, second in steps if step == "OpenRead" and second == table]
            assert not [step for step in steps if step[:2] == ("Column", opened)], column
