"""A batch with answers, rules for it, and workers who look at them: for the tests of quality control."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard import commands, jobs
from dashboard.models import Command, State
from dashboard.tasks import digest
from hits.models import Assignment, Batch, Finding, Rule
from hits.rules import keeping, upkeep
from tests.cast import Lab

QUESTION = """<HTMLQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/HTMLQuestion.xsd">
<HTMLContent><![CDATA[<!DOCTYPE html><html><body>
<form name="mturk_form" method="post" action="https://www.mturk.com/mturk/externalSubmit">
<input type="hidden" name="assignmentId" value=""><input name="total" required><textarea name="why"></textarea>
<input type="radio" name="mood" value="good"><input type="radio" name="mood" value="bad">
<input type="radio" name="check" value="blue"><input type="radio" name="check" value="red">
<input type="text" name="code"><input type="submit"></form></body></html>]]></HTMLContent>
<FrameHeight>400</FrameHeight></HTMLQuestion>"""
GLAD: dict[str, Any] = {"when_passed": True, "field": "mood", "accepted": ["good"]}
LONG = "The writer is glad that the train came in time."


@pytest.fixture
def desk(lab: Lab) -> Lab:
    """An account with one HIT of a batch, which nobody has done yet."""
    make_hit(lab)
    lab.sync()
    return lab


def make_hit(lab: Lab, **changes: Any) -> str:
    return lab.hit(**{"Question": QUESTION, "MaxAssignments": 9, "RequesterAnnotation": "BatchId:mood;", **changes})


def hit_of(lab: Lab) -> str:
    return str(batch_of(lab).hits.order_by("pk").values_list("hit_id", flat=True)[0])


def batch_of(lab: Lab) -> Batch:
    return Batch.objects.select_related("account").get(account=lab.account, key="batch:mood")


def make_rule(lab: Lab, look: str, proposal: str = "reject", *, on: bool = True, **more: Any) -> Rule:
    by = lab.people["approver"]
    said = {name: more.pop(name) for name in ("when_passed", "amount", "reason") if name in more}
    rule = keeping.add(
        batch=batch_of(lab),
        by=by,
        look=look,
        settings=more,
        proposal=proposal,
        **{"when_passed": False, "reason": "Not done with care.", **said},
    )
    if on:
        keeping.switch(rule, on=True, by=by)
    upkeep.look_back(lab.account)
    return rule


def work(lab: Lab) -> None:
    """What workers do when something came in."""
    lab.sync()
    digest(lab.account.pk)


def deliver(lab: Lab) -> None:
    Command.objects.filter(account=lab.account, state=State.QUEUED).update(not_before=timezone.now())
    commands.deliver_due(lab.account.pk)
    jobs.sweep()
    digest(lab.account.pk)


def took(assignment_id: str, seconds: int) -> None:
    row = Assignment.objects.get(assignment_id=assignment_id)
    row.accepted_at = row.submitted_at - timezone.timedelta(seconds=seconds)
    row.save(update_fields=["accepted_at"])


def evidence(rule: Rule) -> dict[str, str]:
    """AssignmentId -> what was seen, of all the rule found."""
    return dict(Finding.objects.filter(rule=rule).values_list("assignment__assignment_id", "evidence"))


def client_of(lab: Lab, who: str = "reviewer") -> Client:
    client = Client()
    client.force_login(lab.people[who], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


good = {"total": "12.40", "mood": "good", "check": "blue", "why": LONG, "code": "HD-1234-AB"}


def count_queries(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as seen:
        act()
    return len(seen.captured_queries)


def release_self(lab: Lab, rule: Rule, by: str = "approver") -> None:
    keeping.set_policy(rule, releases_itself=True, by=lab.people[by])
