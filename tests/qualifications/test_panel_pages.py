"""The pages of scores and panels: made and changed as a person does it, at the same cost for one row and for three."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dashboard.models import Command
from dashboard.tasks import digest
from qualifications.actions import scores as acts
from qualifications.models import Panel, PanelMember, PanelState, QualificationType, Score
from tests.cast import Lab, make_lab, read_files
from tests.qualifications.test_panels import batch, keep, read
from tests.qualifications.test_scores import deliver, held, make_type
from tests.qualifications.test_worker_csv import page, send, signed_in


def test_a_panel_is_made_by_its_pages(lab: Lab) -> None:
    hit = lab.hit(Title="<script>alert(1)</script>", RequesterAnnotation="BatchId:1;")
    for name in ("AONE1", "ATWO2"):
        lab.answer(hit, name)
    read(lab)
    client, new = signed_in(lab, "approver"), reverse("panel_new", args=[lab.account.slug])
    said = {"name": "Birds <i>", "meaning": "exclude", "match": "all"}
    first = client.post(new, {**said, "add": "1", "new_look": "batches"})
    assert b'name="c0-batches"' in first.content
    assert b"<script>alert" not in first.content
    assert b"form-error" not in first.content
    second = client.post(new, {**said, "c0-look": "batches", "c0-how": "any", "add": "1", "new_look": "gold"})
    assert b'name="c1-percent"' in second.content
    wrong = client.post(new, {**said, "c0-look": "batches", "c0-how": "any", "save": "1"})
    assert wrong.status_code == 422
    assert b"Tick a batch." in wrong.content
    foreign = client.post(new, {**said, "c0-look": "batches", "c0-how": "any", "c0-batches": "999999", "save": "1"})
    assert foreign.status_code == 422
    good = {**said, "c0-look": "batches", "c0-how": "any", "c0-batches": str(batch(hit))}
    ahead = client.post(new, {**good, "preview": "1"})
    assert ahead.context["ahead"].members == 2
    assert Panel.objects.count() == 0
    assert signed_in(lab, "reviewer").post(new, {**good, "save": "1"}).status_code == 422
    made = client.post(new, {**good, "save": "1"})
    panel = Panel.objects.get()
    assert made["Location"] == reverse("panel", args=[lab.account.slug, panel.pk])
    assert client.post(new, {**good, "name": "birds <I>", "save": "1"}).status_code == 422
    deliver(lab)
    keep(lab)
    panel.refresh_from_db()
    assert panel.qualification_type is not None
    assert held(lab, panel.qualification_type) == {"AONE1": 1, "ATWO2": 1}
    shown = page(client, lab, "panel", panel.pk).content.decode()
    assert panel.qualification_type.qualification_type_id in shown
    assert "DoesNotExist" in shown
    assert "did 1 in “&lt;script&gt;alert(1)&lt;/script&gt;”" in shown
    part = client.get(reverse("panel", args=[lab.account.slug, panel.pk]), headers={"HX-Request": "true"})
    assert b'id="panel-state"' in part.content
    assert b"<html" not in part.content
    assert part["HX-Refresh"] == "true", "it moves no more, and the rest of the page should be as it is now"
    edit = reverse("panel_edit", args=[lab.account.slug, panel.pk])
    assert b"checked" in client.get(edit).content
    act = reverse("panel_act", args=[lab.account.slug, panel.pk])
    pinned = client.post(act, {"action": "pin", "into": "out", "ids": "ATWO2\nnobody!"})
    assert "no worker id" in pinned.content.decode()
    client.post(act, {"action": "pause"})
    panel.refresh_from_db()
    assert panel.state == PanelState.PAUSED
    client.post(act, {"action": "delete"})
    deliver(lab)
    keep(lab)
    assert page(client, lab, "panel", panel.pk).status_code == 404
    assert b"No panels yet" in page(client, lab, "panels").content


@pytest.mark.parametrize("place", ["²", pytest.param("9" * 5_000, id="long"), "-1", ""])
def test_a_place_that_cannot_be_takes_nothing_away(lab: Lab, place: str) -> None:
    client, url = signed_in(lab, "viewer"), reverse("requirements", args=["lab"])
    assert client.get(url, {"panel": place}).status_code == 200
    assert client.post(url, {"remove": place}).status_code == 200
    assert client.post(reverse("panel_new", args=["lab"]), {"remove": place}).status_code == 200


def test_lists_cost_the_same_for_one_row_and_for_three(lab: Lab) -> None:
    kind, by = make_type(lab), lab.people["manager"]
    client, now = signed_in(lab), timezone.now()

    def add(number: int) -> None:
        worker = f"AROW{number}"
        Score.objects.create(
            account=lab.account, qualification_type=kind, worker_id=worker, value=number, granted_at=now
        )
        private = QualificationType.objects.create(
            account=lab.account, qualification_type_id=f"P{number}", name=f"Group {number}", purpose="panel"
        )
        panel = Panel.objects.create(
            account=lab.account, name=f"Panel {number}", made_by=by, qualification_type=private, state="on",
            conditions=[{"look": "approved", "number": number}],
        )  # fmt: skip
        for each in {panel, Panel.objects.earliest("pk")}:
            PanelMember.objects.create(panel=each, worker_id=worker, wanted=True, since=now)
        acts.pasted(f"AS{number}\n" * number, kind=kind, value=1, revoke=False, by=by, notify=False, reason="")

    def costs() -> dict[str, int]:
        found = {}
        first = Panel.objects.earliest("pk").pk
        for name, *args in (
            ("scores", kind.qualification_type_id), ("panels",), ("panel", first), ("scores_upload",),
            ("sheet", kind.account.sheets.latest("pk").pk), ("workers_csv",), ("requirements",),
        ):  # fmt: skip
            with CaptureQueriesContext(connection) as queries:
                answer = page(client, lab, name, *args)
                if answer.streaming:
                    b"".join(answer.streaming_content)
            assert answer.status_code == 200
            found[name] = len(queries)
        return found

    add(1)
    costs()  # a first request asks what later ones know
    one = costs()
    add(2)
    add(3)
    assert costs() == one
    assert max(one.values()) < 25


def test_another_accounts_lists_and_panels_are_not_found(lab: Lab) -> None:
    kind, by = make_type(lab), lab.people["manager"]
    sheet = acts.pasted("AONE1", kind=kind, value=1, revoke=False, by=by, notify=False, reason="")
    private = Panel.objects.create(account=lab.account, name="Ours", made_by=by, state="on")
    other = make_lab(lab.server, "other")
    client = signed_in(other)
    for name, *args in (
        ("scores", kind.qualification_type_id), ("sheet", sheet.pk), ("sheet_failed", sheet.pk), ("panel", private.pk),
        ("panel_edit", private.pk),
    ):  # fmt: skip
        assert page(client, other, name, *args).status_code == 404
    begun = client.post(reverse("sheet_begin", args=[other.account.slug, sheet.pk]))
    act = client.post(reverse("panel_act", args=[other.account.slug, private.pk]), {"action": "pause"})
    assert (begun.status_code, act.status_code, Command.objects.count()) == (404, 404, 0)
    # A name of the other account's qualification is no name here.
    send(client, other, b"Worker ID,UPDATE-Good eyes\nAONE1,5\n")
    line: Any = other.account.sheets.get().lines.get()
    assert (line.verdict, line.qualification_type) == ("bad", None)


def test_ticked_workers_are_granted_after_a_look(lab: Lab) -> None:
    kind, client = make_type(lab), signed_in(lab, "reviewer")
    for name in ("ATICK1", "ATICK2"):
        lab.answer(lab.hit(), name)
    url = reverse("grant_workers", args=[lab.account.slug])
    assert "Tick some workers" in client.get(url).content.decode()
    assert client.post(url, {"worker": ["ATICK1", "atick2 "]}).status_code == 200
    said = {"worker": ["ATICK1", "atick2 ", "ATICK1"], "kind": kind.qualification_type_id, "value": "7"}
    answer = client.post(url, said)
    read_files()
    sheet = lab.account.sheets.get()
    assert answer["Location"] == reverse("sheet", args=[lab.account.slug, sheet.pk])
    client.post(reverse("sheet_begin", args=[lab.account.slug, sheet.pk]))
    deliver(lab)
    assert held(lab, kind) == {"ATICK1": 7, "ATICK2": 7}
    # All that match the filters of the workers' table.
    lab.sync()
    digest(lab.account.pk)
    ahead = client.get(url, {"filter": "yes", "q": "ATICK2"})
    assert (ahead.context["count"], ahead.context["matching"].words[-1]) == (1, "ATICK2…")
    client.post(url, {"filter": "yes", "q": "atick2", "kind": kind.qualification_type_id, "value": "9"})
    read_files()
    second = lab.account.sheets.latest("pk")
    assert list(second.lines.values_list("worker_id", "sentence")) == [("ATICK2", "From 7 to 9.")]
    shown = page(client, lab, "scores", kind.qualification_type_id, value_from="8")
    assert b"Nobody matches these filters" in shown.content
    change = reverse("scores_change", args=[lab.account.slug, kind.qualification_type_id])
    assert client.post(change, {"worker": "what?", "act": "grant", "value": "1"}).status_code == 422
    assert client.post(change, {"worker": "ATICK1", "act": "revoke", "reason": "Thank you."}).status_code == 302
    deliver(lab)
    assert held(lab, kind) == {"ATICK2": 7}
