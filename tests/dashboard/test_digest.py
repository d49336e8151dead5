"""Every new or changed assignment is shown once to those who keep figures, whatever dies in between."""

from typing import Any

import pytest
from django.db import DataError, OperationalError

from dashboard import commands, tasks
from dashboard.models import Account
from hits import actions
from hits.digest import digest, digest_singly
from hits.models import Assignment
from tests.cast import Lab


def test_each_change_is_seen_once(lab: Lab) -> None:
    hit = lab.hit()
    ids = sorted(lab.answer(hit) for _ in range(3))
    lab.sync()
    seen: list[tuple[str, str, str]] = []

    def note(account: Account, rows: list[Assignment]) -> None:
        assert account == lab.account
        seen.extend((row.assignment_id, row.counted, row.status) for row in rows)

    assert [digest(lab.account, [note], chunk=2), digest(lab.account, [note], chunk=2)] == [2, 1]
    assert digest(lab.account, [note]) == 0
    assert sorted(seen) == [(pk, "", "Submitted") for pk in ids]
    lab.sync()
    assert digest(lab.account, [note]) == 0, "a sync that finds nothing new makes nothing fresh"

    actions.approve(assignment=Assignment.objects.get(assignment_id=ids[0]), by=lab.people["approver"])
    assert digest(lab.account, [note]) == 0, "what is only asked for is no change yet"
    commands.deliver_due(lab.account.pk)
    lab.mturk.reject_assignment(AssignmentId=ids[1], RequesterFeedback="empty")
    lab.sync()
    seen.clear()
    assert digest(lab.account, [note]) == 2
    assert sorted(seen) == sorted([(ids[0], "Submitted", "Approved"), (ids[1], "Submitted", "Rejected")])


def test_a_reader_that_fails_leaves_all_to_be_read_again(lab: Lab) -> None:
    lab.answer(lab.hit())
    lab.sync()

    def write(account: Account, rows: list[Any]) -> None:
        Assignment.objects.filter(pk__in=[row.pk for row in rows]).update(agreement=7)

    def fail(account: Account, rows: list[Any]) -> None:
        raise ValueError("a figure nobody foresaw")

    with pytest.raises(ValueError, match="nobody foresaw"):
        digest(lab.account, [write, fail])
    row = Assignment.objects.get(account=lab.account)
    assert (row.fresh, row.agreement, row.counted) == (True, 101, "")


@pytest.mark.parametrize("trouble", [ValueError, DataError], ids=["a figure", "the database"])
def test_an_answer_no_figure_can_be_made_of_stops_no_others(
    lab: Lab, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, trouble: type[Exception]
) -> None:
    hit = lab.hit()
    ids = [lab.answer(hit) for _ in range(3)]
    lab.sync()
    seen = []

    def choke(account: Account, rows: list[Assignment]) -> None:
        if any(row.assignment_id == ids[1] for row in rows):
            raise trouble("a shape nobody foresaw")
        seen.extend(row.assignment_id for row in rows)

    def absent(account: Account, rows: list[Assignment]) -> None:
        raise OperationalError("nobody listens there")

    with pytest.raises(trouble, match="nobody foresaw"):
        digest(lab.account, [choke])
    with pytest.raises(OperationalError):
        digest_singly(lab.account, [absent])
    assert Assignment.objects.fresh().count() == 3, "a database that is not there says nothing about an answer"
    monkeypatch.setattr(tasks, "READERS", [choke])
    tasks.digest(lab.account.pk)
    assert sorted(seen) == sorted([ids[0], ids[2]])
    assert "No figures can be made of assignment" in caplog.text
    left_out = Assignment.objects.get(assignment_id=ids[1])
    assert (left_out.fresh, left_out.counted) == (False, "")
    assert digest(lab.account, [choke]) == 0
