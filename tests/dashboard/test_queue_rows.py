"""The rows of the queue: what strangers wrote stays text in each place, and undo goes when its time is over."""

from datetime import timedelta
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from dashboard.models import Command, Membership
from hits.actions import approve
from hits.models import Assignment, Batch, HITType
from hits.views.rows import row_maker
from tests.cast import Lab

ATTACK = "\"><script>alert(1)</script>'&"


def drawn(lab: Lab, query: str = "") -> str:
    membership = Membership.objects.select_related("account", "user").get(user=lab.people["reviewer"])
    row = row_maker(membership, query)(Assignment.objects.for_row().get())
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
