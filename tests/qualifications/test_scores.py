"""Who holds what: read from MTurk, granted and taken away one by one and by the list, each once."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dashboard import commands, jobs, old_lists
from dashboard.models import Command, Job
from dashboard.permissions import Denied
from qualifications.actions import old_sheets, panels
from qualifications.actions import scores as acts
from qualifications.forms import pasted
from qualifications.models import QualificationType, Score, Sheet
from tests.cast import Lab, read_files


def make_type(lab: Lab, name: str = "Good eyes", **more: Any) -> QualificationType:
    made = lab.mturk.create_qualification_type(
        Name=name, Description="Sees small things.", QualificationTypeStatus="Active", **more
    )["QualificationType"]
    return QualificationType.objects.create(
        account=lab.account, qualification_type_id=made["QualificationTypeId"], name=name
    )


def worker(lab: Lab, worker_id: str) -> str:
    """A worker the marketplace knows."""
    lab.answer(lab.hit(), worker_id)
    return worker_id


def held(lab: Lab, kind: QualificationType) -> dict[str, int]:
    """What the marketplace itself says."""
    rows = lab.mturk.list_workers_with_qualification_type(
        QualificationTypeId=kind.qualification_type_id, Status="Granted", MaxResults=100
    )["Qualifications"]
    return {row["WorkerId"]: row["IntegerValue"] for row in rows}


def deliver(lab: Lab) -> None:
    """What workers do until nothing is left."""
    for job in Job.objects.filter(account=lab.account, state="preparing"):
        jobs.prepare(job.pk)
    commands.deliver_due(lab.account.pk)
    jobs.sweep()


def test_a_full_sync_reads_who_holds_what(lab: Lab) -> None:
    kind, hit = make_type(lab), lab.hit()
    for name, value in (("AONE1", 80), ("ATWO2", 5), ("ALEFT3", 1)):
        lab.answer(hit, name)
        lab.mturk.associate_qualification_with_worker(
            QualificationTypeId=kind.qualification_type_id, WorkerId=name, IntegerValue=value
        )
    lab.mturk.disassociate_qualification_from_worker(QualificationTypeId=kind.qualification_type_id, WorkerId="ALEFT3")
    run = lab.sync(full=True)
    assert run.error == ""
    rows = Score.objects.values_list("worker_id", "value", "status")
    assert sorted(rows) == [("ALEFT3", 1, "Revoked"), ("AONE1", 80, "Granted"), ("ATWO2", 5, "Granted")]
    lab.mturk.disassociate_qualification_from_worker(QualificationTypeId=kind.qualification_type_id, WorkerId="AONE1")
    lab.sync(full=True)
    assert list(Score.objects.granted().values_list("worker_id", flat=True)) == ["ATWO2"]


def test_one_worker_is_granted_changed_and_revoked(lab: Lab, faults: Any) -> None:
    kind, by = make_type(lab), lab.people["reviewer"]
    worker(lab, "ASINGLE1")
    acts.grant(kind=kind, worker_id=" asingle1 ", value=70, by=by)
    with pytest.raises(Denied, match="was first"):
        acts.grant(kind=kind, worker_id="ASINGLE1", value=71, by=lab.people["approver"])
    faults("AssociateQualificationWithWorker", "drop_after")  # done there, and no answer came
    deliver(lab)
    assert Command.objects.get().state == "unknown"
    Command.objects.update(not_before="2020-01-01T00:00Z")
    commands.resolve_unknown(lab.account.pk)
    assert (Command.objects.get().state, held(lab, kind)) == ("done", {"ASINGLE1": 70})
    assert Score.objects.granted().get().value == 70
    lab.server.control("faults", method="DELETE")

    with pytest.raises(Denied, match="has 70 already"):
        acts.grant(kind=kind, worker_id="ASINGLE1", value=70, by=by)
    lab.mturk.disassociate_qualification_from_worker(
        QualificationTypeId=kind.qualification_type_id, WorkerId="ASINGLE1"
    )
    taken = acts.revoke(kind=kind, worker_id="ASINGLE1", by=by)  # somebody else's script was quicker
    deliver(lab)
    taken.refresh_from_db()
    assert (taken.state, held(lab, kind), Score.objects.granted().count()) == ("done", {}, 0)
    with pytest.raises(Denied, match="need to be a reviewer"):
        acts.grant(kind=kind, worker_id="ASINGLE1", value=1, by=lab.people["viewer"])
    acts.grant(kind=kind, worker_id="ANOBODY99", value=1, by=by)
    deliver(lab)
    failed = Command.objects.get(worker_id="ANOBODY99")
    assert failed.state == "failed"
    assert not Score.objects.filter(worker_id="ANOBODY99").exists()


def test_a_pasted_list_gets_a_sentence_for_each_line_and_the_good_ones_go_on(lab: Lab) -> None:
    kind, by = make_type(lab), lab.people["reviewer"]
    for name in ("AGOOD1", "AGOOD2", "AHAS3"):
        worker(lab, name)
    lab.sync()
    acts.grant(kind=kind, worker_id="AHAS3", value=5, by=by)
    deliver(lab)
    text = "AGOOD1\n\nagood2, 90\nAGOOD1\nAGOOD2 95\nAHAS3\t5\nA SPACE\nhello!\nAGOOD1=Revoke\nASTRANGER9 4\n<script>\n"
    sheet = acts.pasted(text, kind=kind, value=5, revoke=False, by=by, notify=False, reason="")
    assert sheet.complete
    lines = list(sheet.lines.values_list("number", "worker_id", "verdict", "sentence"))
    by_number = {number: (verdict, sentence) for number, _, verdict, sentence in lines}
    assert by_number[1][0] == "ready"
    assert "with 5" in by_number[1][1]
    assert by_number[3][0] == "ready"
    assert "with 90" in by_number[3][1]
    assert by_number[4] == ("same", "Line 1 says the same about this worker already.")
    assert by_number[5] == ("bad", "Line 3 says “90” about this worker already.")
    assert by_number[6] == ("same", "Has 5 already.")
    assert by_number[7][0] == by_number[8][0] == by_number[11][0] == "bad"
    assert "no worker id" in by_number[8][1]
    assert by_number[9][0] == "bad"
    assert by_number[10][0] == "ready"
    assert "Nobody with this id has worked" in by_number[10][1]
    assert held(lab, kind) == {"AHAS3": 5}, "looking changes nothing"

    acts.carry_out(sheet, by=by)
    with pytest.raises(Denied, match="Nothing of this list"):
        acts.carry_out(sheet, by=by)
    deliver(lab)
    assert held(lab, kind) == {"AHAS3": 5, "AGOOD1": 5, "AGOOD2": 90}
    assert Command.objects.get(worker_id="ASTRANGER9").state == "failed"
    with pytest.raises(Denied, match="Nothing of this list"):
        acts.carry_out(sheet, by=by)
    again = acts.pasted(text, kind=kind, value=5, revoke=False, by=by, notify=False, reason="")
    assert set(again.lines.ready().values_list("worker_id", flat=True)) == {"ASTRANGER9"}


def test_more_than_can_be_pasted_is_refused_whole_and_kept(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pasted, "MOST_PASTED", 2)
    kind, client = make_type(lab), Client()
    client.force_login(lab.people["manager"])
    panel = panels.create(
        account=lab.account, by=lab.people["manager"], name="Regulars", meaning="include", match="all", conditions=[]
    )
    for url, text, post in (
        (reverse("scores_paste", args=["lab", kind.qualification_type_id]), "AONE1, 5\n\nATWO2\nATHREE3", {"value": 1}),
        (reverse("panel_act", args=["lab", panel.pk]), "AONE1,ATWO2;ATHREE3", {"action": "pin", "into": "in"}),
    ):
        answer = client.post(url, {"ids": text, **post})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert "These are 3 ids; 2 can be pasted at a time. Send the others apart" in page
        assert text in page
    assert not Sheet.objects.exists()
    assert not panel.members.exists()


def test_what_is_deleted_or_not_ours_is_given_to_nobody(lab: Lab) -> None:
    kind, by = make_type(lab), lab.people["manager"]
    worker(lab, "AGOOD1")
    sheet = acts.pasted("AGOOD1", kind=kind, value=500, revoke=False, by=by, notify=True, reason="")
    later = acts.pasted("AGOOD1 501", kind=kind, value=1, revoke=False, by=by, notify=True, reason="")
    lab.mturk.delete_qualification_type(QualificationTypeId=kind.qualification_type_id)
    acts.carry_out(sheet, by=by)
    deliver(lab)
    failed = Command.objects.get()
    assert failed.state == "failed"
    assert Score.objects.count() == 0
    QualificationType.objects.update(gone_at="2026-01-01T00:00Z")
    with pytest.raises(Denied, match="reviewer"):
        acts.carry_out(later, by=lab.people["viewer"])
    assert later.lines.ready().count() == 1, "who may begin nothing changes nothing either"
    with pytest.raises(Denied, match="Nothing of this list"):
        acts.carry_out(later, by=by)
    assert list(later.lines.values_list("verdict", "sentence")) == [("bad", acts.DELETED)]
    kind.refresh_from_db()
    with pytest.raises(Denied, match="was deleted"):
        acts.pasted("AGOOD1", kind=kind, value=1, revoke=False, by=by, notify=True, reason="")
    QualificationType.objects.update(gone_at=None, kind="system")
    kind.refresh_from_db()
    with pytest.raises(Denied, match="one's own"):
        acts.grant(kind=kind, worker_id="AGOOD1", value=1, by=by)
    assert Command.objects.count() == 1

    # What failed comes back as a file; made anew, the qualification is given from it, with whatever value was pasted.
    # The one that is there is meant, though the name of the one that is gone is the file's own in its capitals, too.
    QualificationType.objects.update(gone_at="2026-01-01T00:00Z", kind="own")
    again = make_type(lab, "Good Eyes")
    client = Client()
    client.force_login(by)
    parts = client.get(reverse("sheet_failed", args=["lab", later.pk])).streaming_content
    text = b"".join(parts)
    assert text.startswith(b"Worker ID,UPDATE-Good eyes,UPDATE BlockStatus,BlockReason,Problem\r\nAGOOD1,501,,,")
    third = acts.of_file(io.BytesIO(text), account=lab.account, name="again.csv", by=by, notify=False, reason="")
    read_files()
    acts.carry_out(third, by=by)
    deliver(lab)
    assert held(lab, again) == {"AGOOD1": 501}


def test_old_lists_are_forgotten_but_not_what_they_did(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, by = make_type(lab), lab.people["reviewer"]
    worker(lab, "AGOOD1")
    done, open_one, young = (
        acts.pasted(text, kind=kind, value=1, revoke=False, by=by, notify=False, reason="")
        for text in ("AGOOD1\nAGOOD1\nno", "AGOOD1 2", "AGOOD1 3")
    )
    acts.carry_out(done, by=by)
    deliver(lab)
    acts.carry_out(open_one, by=by)
    Sheet.objects.exclude(pk=young.pk).update(made_at=timezone.now() - old_lists.KEPT - timedelta(minutes=1))
    monkeypatch.setattr(old_lists, "CHUNK", 2)
    old_sheets.forget_old()
    assert done.lines.count() == 1, "some lines at a time"
    for _ in range(3):
        old_sheets.forget_old()
    assert set(Sheet.objects.all()) == {open_one, young}, "one whose job is not over stays"
    deliver(lab)
    old_sheets.forget_old()
    assert list(Sheet.objects.all()) == [young]
    old = {"account": lab.account, "made_by": by, "made_at": timezone.now() - 2 * old_lists.KEPT}
    many = [Sheet.objects.create(name="x", complete=True, **old) for _ in range(21)]
    for each in many[:20]:
        Job.objects.create(
            account=lab.account, kind="x", title="x", state="paused", selection={"sheet": each.pk}, requested_by=by
        )
    old_sheets.forget_old()
    assert set(Sheet.objects.all()) == {young, *many[:20]}, "however many stay, others go"
    assert (held(lab, kind), Command.objects.filter(state="done").count()) == ({"AGOOD1": 2}, 2)
