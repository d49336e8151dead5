"""The worker file of the Requester website, byte for byte, and what people make of it before they send it back."""

import io
from typing import Any

from django.test import Client
from django.urls import reverse

from dashboard.models import Command
from qualifications.models import QualificationType, Score, Sheet
from tests.cast import Lab, read_files
from tests.qualifications.test_scores import deliver, held, make_type
from workers.models import Worker, WorkerBlock


def signed_in(lab: Lab, role: str = "manager") -> Client:
    client = Client()
    client.force_login(lab.people[role])
    return client


def page(client: Client, lab: Lab, name: str, *args: Any, **query: Any) -> Any:
    return client.get(reverse(name, args=[lab.account.slug, *args]), query)


def send(client: Client, lab: Lab, text: bytes, **more: Any) -> Any:
    file = io.BytesIO(text)
    file.name = "workers.csv"
    response = client.post(reverse("scores_upload", args=[lab.account.slug]), {"file": file, **more})
    read_files()
    return response


def known(lab: Lab, *names: str) -> None:
    """Workers who did one HIT each and are in our tables."""
    hit = lab.hit(MaxAssignments=len(names))
    for name in names:
        lab.answer(hit, name)
    lab.sync()
    Worker.objects.make_known(lab.account, names)


def test_the_file_is_the_websites_byte_for_byte(lab: Lab) -> None:
    tagger, quoted = make_type(lab, "Good Tagger"), make_type(lab, 'Says "hi", =1+1')
    known(lab, "AONE1", "ATWO2")
    hit = lab.hit()
    for name, decide in (("ATWO2", "approve"), ("AONE1", "reject")):
        ident = lab.answer(hit, name)
        if decide == "approve":
            lab.mturk.approve_assignment(AssignmentId=ident)
        else:
            lab.mturk.reject_assignment(AssignmentId=ident, RequesterFeedback="No.")
    lab.sync()
    Worker.objects.filter(worker_id="ATWO2").update(decided=12, approved=11)
    Worker.objects.filter(worker_id="AONE1").update(decided=1)
    for kind, name, value in ((tagger, "ATWO2", 80), (quoted, "AONE1", 0)):
        Score.objects.create(
            account=lab.account, qualification_type=kind, worker_id=name, value=value, granted_at="2026-01-01T00:00Z"
        )
    WorkerBlock.objects.create(account=lab.account, worker_id="AONE1", reason="Spam")
    WorkerBlock.objects.create(account=lab.account, worker_id="ATHREE3", lifted_at="2026-01-01T00:00Z")
    QualificationType.objects.create(account=lab.account, qualification_type_id="P", name="A panel", purpose="panel")
    answer = page(signed_in(lab), lab, "workers_csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    counts = (
        b'"Number of HITs approved or rejected - Lifetime","Number of HITs approved - Lifetime",'
        b'"Number of HITs approved or rejected - Last 30 Days","Number of HITs approved - Last 30 Days",'
        b'"Number of HITs approved or rejected - Last 7 Days","Number of HITs approved - Last 7 Days",'
    )
    assert b"".join(answer.streaming_content) == (
        b'"Worker ID",' + counts + b'"CURRENT-Good Tagger","UPDATE-Good Tagger",'
        b'"CURRENT-Says ""hi"", =1+1","UPDATE-Says ""hi"", =1+1",'
        b'"CURRENT BlockStatus","UPDATE BlockStatus","BlockReason"\n'
        b'"AONE1","1","0","1","0","1","0","","","0","","Blocked","",""\n'
        b'"ATHREE3","0","0","0","0","0","0","","","","","Unblocked","",""\n'
        b'"ATWO2","12","11","1","1","1","1","80","","","","Never Blocked","",""\n'
    )


def test_what_spreadsheets_and_people_do_to_it_is_read_and_each_cell_gets_its_sentence(lab: Lab) -> None:
    tagger, other = make_type(lab, "Good Tagger"), make_type(lab, "Fast")
    QualificationType.objects.create(account=lab.account, qualification_type_id="Q", name="FAST")
    known(lab, "AONE1", "ATWO2", "ATHREE3")
    client = signed_in(lab)
    text = (
        "\ufeffworkerID;CURRENT-Good Tagger;UPDATE-good  tagger;UPDATE-Fast;UPDATE-Nobody's;UPDATE-BlockStatus;"
        "BlockReason\r\n"
        "aone1 ;;80,00;;;;\r\n"
        "ATWO2;5;101;Revoke;;;\r\n"
        "=HYPERLINK(1);;7;;;;\r\n"
        "ATHREE3;;12;50.0;3;;\r\n"
        "ATHREE3;;13;;;Block;\r\n"
        ";;9;;;;\r\n"
        "AONE1;;;;;BLOCK;-He copied <b>answers</b>\r\n"
        "ATWO2;;;;;Never Blocked;\r\n"
        ";;;;;;\r\n"
        'AONE1;;;5;;;"cut'
    )
    answer = send(client, lab, text.encode("utf-16"))
    sheet = Sheet.objects.get()
    assert answer["Location"] == reverse("sheet", args=[lab.account.slug, sheet.pk])
    said = {(line.number, line.act, line.column): (line.verdict, line.sentence) for line in sheet.lines.all()}
    assert said[2, "grant", "UPDATE-good  tagger"] == ("ready", "Gets “Good Tagger” with 80.")
    assert said[3, "grant", "UPDATE-good  tagger"][1].startswith("“101” is no score")
    assert said[3, "revoke", "UPDATE-Fast"] == ("same", "Does not have it.")
    assert "no worker id" in said[4, "grant", "UPDATE-good  tagger"][1]
    assert said[5, "grant", "UPDATE-Fast"] == ("ready", "Gets “Fast” with 50.")
    assert said[5, "grant", "UPDATE-Nobody's"][1].startswith("This account has no qualification “Nobody's”")
    assert said[6, "grant", "UPDATE-good  tagger"] == ("bad", "Line 5 says “12” about this worker already.")
    assert said[6, "block", "UPDATE BlockStatus"][1].startswith("A block needs a reason")
    assert said[7, "grant", "UPDATE-good  tagger"] == ("bad", "There is no worker id.")
    assert said[8, "block", "UPDATE BlockStatus"][0] == "ready"
    assert said[9, "block", "UPDATE BlockStatus"][1].startswith("Nobody can be made never blocked")
    assert said[11, "grant", "UPDATE-Fast"][1].startswith("The file ends within this row")
    assert sheet.notes[-1].startswith("The file ends within row 11: a quotation mark is missing there.")
    shown = page(client, lab, "sheet", sheet.pk)
    assert b"=HYPERLINK(1)" in shown.content.upper()
    assert b"<b>answers" not in shown.content
    assert Command.objects.count() == 0

    # What could be done is done; the rest comes back as a file, is put right, and is sent again.
    client.post(reverse("sheet_begin", args=[lab.account.slug, sheet.pk]), {"understood": "on"})
    deliver(lab)
    assert (held(lab, tagger), held(lab, other)) == ({"AONE1": 80, "ATHREE3": 12}, {"ATHREE3": 50})
    failed = b"".join(page(client, lab, "sheet_failed", sheet.pk).streaming_content).decode()
    assert failed.startswith(
        "Worker ID,UPDATE-good  tagger,UPDATE-Nobody's,UPDATE-Fast,UPDATE BlockStatus,BlockReason,Problem\r\n"
    )
    assert 'ATWO2,101,,,,,"“101” is no score' in failed
    assert "'=HYPERLINK(1),7,,,,," in failed
    again = failed.replace("ATWO2,101", "ATWO2,100").replace("ATHREE3,13", "ATHREE3,12")
    send(client, lab, again.encode())
    second = Sheet.objects.latest("pk")
    assert list(second.lines.ready().values_list("worker_id", "typed")) == [("ATWO2", "100"), ("AONE1", "5")]
    client.post(reverse("sheet_begin", args=[lab.account.slug, second.pk]))
    before = lab.server.control("calls").get("AssociateQualificationWithWorker", 0)
    deliver(lab)
    assert lab.server.control("calls")["AssociateQualificationWithWorker"] - before == 2
    assert held(lab, tagger) == {"AONE1": 80, "ATHREE3": 12, "ATWO2": 100}


def test_a_file_that_is_none_is_refused_with_a_sentence(lab: Lab) -> None:
    client = signed_in(lab)
    for text, sentence in (
        (b"", "empty"),
        (b"PK\x03\x04rest", "workbook"),
        (b"name,score\nA,1\n", "no column “Worker ID”"),
    ):
        answer = send(client, lab, text)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
    send(client, lab, b"Worker ID,score\nAONE1,1\n")
    assert Sheet.objects.get().notes == ["The file has no UPDATE column, so it asks for nothing."]
    make_type(lab, "Fast")
    send(client, lab, b'Worker ID,UPDATE-Fast\nAONE1,1\nATWO2,"' + b"x" * 9_000_000)
    broken = Sheet.objects.latest("pk")
    assert "What stands before is read" in broken.notes[0]
    assert list(broken.lines.ready().values_list("worker_id", flat=True)) == ["AONE1"]
    assert Command.objects.count() == 0
    assert send(signed_in(lab, "viewer"), lab, b"Worker ID,UPDATE-x\nAONE1,1\n").status_code == 422
