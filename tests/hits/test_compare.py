"""Answers of a HIT side by side: what differs is said, and one press decides all of them and can be undone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from dashboard import commands
from dashboard.models import AuditEvent, Command, State
from hits import actions
from hits.actions import majority
from hits.models import HIT, Assignment, MajorityTaken
from tests.cast import Lab
from tests.hits.answers.documents import html_question, words

ATTACK = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
ROWS = "//table[starts-with(@class, 'compare')]/tbody/tr"
QUESTION = html_question(
    '<form><label>Total <input name="total"></label><label for="paid">Paid</label><select id="paid" name="paid">'
    '<option value="c">in cash</option><option value="d">by card</option></select>'
    '<textarea name="remark"></textarea></form>'
)


@pytest.fixture
def shown(lab: Lab, client: Client) -> Callable[..., Any]:
    """Publish a HIT with these answers; gives its id."""
    client.force_login(lab.people["reviewer"])

    def make(*answers: dict[str, str]) -> str:
        hit = lab.hit(MaxAssignments=max(2, len(answers)), Question=QUESTION)
        for number, fields in enumerate(answers):
            lab.answer(hit, worker=f"AWORKER{number}", **fields)
        lab.sync()
        return hit

    return make


def page(client: Client, lab: Lab, hit: str, query: str = "") -> html.HtmlElement:
    response = client.get(f"/a/{lab.account.slug}/hits/{hit}/compare/{query}")
    assert response.status_code == 200
    return html.fromstring(response.content.decode())


def press(client: Client, lab: Lab, hit: str, action: str, **more: Any) -> Any:
    return client.post(f"/a/{lab.account.slug}/hits/{hit}/compare/", {"action": action, **more})


def test_each_question_shows_the_majority_and_who_differs(lab: Lab, client: Client, shown: Any) -> None:
    hit = shown(
        {"total": "12.40", "paid": "c", "remark": ATTACK},
        {"total": "12.4", "paid": "c"},
        {"total": ATTACK, "paid": "d"},
    )
    tree = page(client, lab, hit)
    rows = {words(row.xpath("th/bdi")[0]): row for row in tree.xpath(ROWS)}
    assert list(rows) == ["Total", "Paid", "remark"]
    assert "2 of 3: in cash" in words(rows["Paid"])
    cells = rows["Total"].xpath("td")
    assert [words(cell).rsplit(" ", 1)[1] for cell in cells] == ["agrees", "agrees", "differs"]
    assert [len(cell.xpath(".//svg")) for cell in cells] == [1, 1, 1]
    assert "is-apart" in cells[2].get("class")
    assert "free text, not compared" in words(rows["remark"])
    assert not tree.xpath("//table//script | //table//img")
    apart = page(client, lab, hit, "?only=apart")
    assert len(apart.xpath(ROWS)) == 3
    assert [key.get("data-key") for key in tree.find_class("compare-bar")[0].xpath(".//*[@data-key]")] == [
        "m",
        "a",
        "r",
    ]


def test_one_press_approves_all_and_takes_the_majority_as_data(lab: Lab, client: Client, shown: Any) -> None:
    hit = shown(
        {"total": "12.40", "paid": "c"},
        {"total": "12.40", "paid": "c"},
        {"total": "99", "paid": "c"},
        {"total": "12.40"},
    )
    judged = Assignment.objects.get(worker_id="AWORKER3")
    Assignment.objects.filter(pk=judged.pk).update(data_verdict="unsure")
    lab.account.undo_seconds = 30
    lab.account.save(update_fields=["undo_seconds"])
    assert press(client, lab, hit, "majority").status_code == 302
    rows = {row.worker_id: row for row in Assignment.objects.all()}
    assert [rows[f"AWORKER{n}"].data_verdict for n in range(4)] == ["usable", "usable", "unusable", "unsure"]
    assert rows["AWORKER2"].corrected == {"total": "12.40"}
    assert rows["AWORKER0"].data_by == lab.people["reviewer"]
    assert Command.objects.filter(kind="ApproveAssignment", state=State.QUEUED).count() == 4
    assert AuditEvent.objects.filter(kind="data.majority", subject=hit).count() == 1
    assert lab.ledger("reward") == []

    assert 'data-key="u"' in client.get(f"/a/{lab.account.slug}/hits/{hit}/compare/").content.decode()
    # What the same person has judged anew meanwhile stays.
    actions.judge(assignment=rows["AWORKER0"], by=lab.people["reviewer"], verdict="unusable")
    press(client, lab, hit, "undo")
    assert set(Command.objects.values_list("state", flat=True)) == {State.CANCELLED}
    rows = {row.worker_id: row for row in Assignment.objects.all()}
    assert [rows[f"AWORKER{n}"].data_verdict for n in range(4)] == ["unusable", "", "", "unsure"]
    assert rows["AWORKER2"].corrected is None
    assert all(row.verdict is None for row in rows.values())

    press(client, lab, hit, "majority")
    Command.objects.filter(state=State.QUEUED).update(not_before=timezone.now())
    commands.deliver_due(lab.account.pk)
    assert len(lab.ledger("reward")) == 4
    MajorityTaken.objects.update(at=timezone.now() - timedelta(minutes=5))
    assert press(client, lab, hit, "undo").status_code == 422
    assert Assignment.objects.filter(data_verdict="usable").count() == 1


def test_without_a_majority_answers_are_unsure_and_free_text_is_not_judged(lab: Lab, shown: Any) -> None:
    split, free = shown({"total": "1"}, {"total": "2"}), shown({"remark": "one"}, {"remark": "two"})
    for hit, verdict in ((split, "unsure"), (free, "")):
        majority.take_majority(hit=HIT.objects.get(hit_id=hit), by=lab.people["reviewer"])
        assert set(Assignment.objects.filter(hit__hit_id=hit).values_list("data_verdict", flat=True)) == {verdict}
    assert Command.objects.count() == 4


def test_rejecting_takes_ticked_answers_of_this_hit_and_a_reason(lab: Lab, client: Client, shown: Any) -> None:
    hit, other = shown({"total": "1"}, {"total": "2"}), shown({"total": "3"})
    mine = Assignment.objects.get(hit__hit_id=hit, worker_id="AWORKER0").assignment_id
    strange = Assignment.objects.get(hit__hit_id=other).assignment_id
    refused = press(client, lab, hit, "reject", assignment=[mine], feedback=" ")
    assert (refused.status_code, "Say why" in refused.content.decode()) == (422, True)
    assert "Tick the answers" in press(client, lab, hit, "reject", feedback="kept words").content.decode()
    assert "kept words" in press(client, lab, hit, "reject", feedback="kept words").content.decode()
    assert Command.objects.count() == 0
    press(client, lab, hit, "reject", assignment=[mine, strange], feedback="It is blank.")
    assert list(Command.objects.values_list("assignment_id", "kind")) == [(mine, "RejectAssignment")]
    commands.deliver_due(lab.account.pk)
    assert lab.remote_status(mine) == "Rejected"
    assert lab.remote_status(strange) == "Submitted"


def test_who_may_only_look_decides_nothing_and_strangers_see_nothing(lab: Lab, client: Client, shown: Any) -> None:
    hit = shown({"total": "1"}, {"total": "2"})
    client.force_login(lab.people["viewer"])
    tree = page(client, lab, hit)
    assert tree.find_class("compare")
    assert not tree.find_class("compare-bar") + tree.xpath("//input[@name='assignment']")
    for action in ("majority", "approve", "reject"):
        response = press(client, lab, hit, action, assignment=[Assignment.objects.first().assignment_id], feedback="x")  # type: ignore[union-attr]
        assert response.status_code == 422
    assert Command.objects.count() == 0
    assert not Assignment.objects.exclude(data_verdict="").exists()
    assert client.get(f"/a/other/hits/{hit}/compare/").status_code == 404


def test_the_page_costs_the_same_for_two_answers_and_for_twenty(
    lab: Lab, client: Client, shown: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, many = shown({"total": "1"}, {"total": "2"}), shown(*({"total": str(n % 3)} for n in range(12)))

    def cost(hit: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            page(client, lab, hit)
        return len(queries)

    page(client, lab, few)
    assert cost(few) == cost(many) <= 16
    monkeypatch.setattr(majority, "MOST_TOGETHER", 5)
    refused = press(client, lab, many, "majority")
    assert "more than 5 answers" in refused.content.decode()
    assert Command.objects.count() == 0
    assert HIT.objects.count() == 2
