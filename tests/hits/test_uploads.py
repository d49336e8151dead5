"""Marked results come back: what is marked is done once, what is not understood is said, row by row."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

import hits.files.marked
from dashboard import commands, heartbeat, incoming, jobs, old_lists
from dashboard.models import Command, IncomingFile, IncomingPart, Job, State
from dashboard.tasks import sweep
from hits.files import begin_marked, read_marked
from hits.models import HIT, Assignment, Batch, HITInput, HITType, Upload, UploadRow
from tests.cast import Lab, make_lab, read_files
from workers.actions.bonus_rows import begin_bonuses

HEADER = ["HITId", "AssignmentId", "WorkerId", "Approve", "Reject"]


def client_of(lab: Lab, who: str = "reviewer") -> Client:
    client = Client()
    client.force_login(lab.people[who])
    return client


def sent(client: Client, data: bytes, name: str = "Batch_1_batch_results.csv") -> Any:
    file = io.BytesIO(data)
    file.name = name
    response = client.post(reverse("marked_upload", args=["lab"]), {"file": file})
    read_files()
    return response


def marked(lab: Lab, data: bytes) -> Upload:
    upload = begin_marked(account=lab.account, by=lab.people["reviewer"], name="marked.csv", file=io.BytesIO(data))
    read_files()
    upload.refresh_from_db()
    return upload


def text(rows: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def ask(client: Client, upload: Upload, action: str) -> None:
    client.post(reverse("upload_ask", args=["lab", upload.pk]), {"action": action})


def work(lab: Lab) -> None:
    """What a worker and beat do."""
    for job in Job.objects.filter(state="preparing"):
        jobs.prepare(job.pk)
    Command.objects.filter(account=lab.account, state=State.QUEUED).update(not_before=timezone.now())
    commands.deliver_due(lab.account.pk)
    jobs.sweep()


@pytest.fixture
def five(lab: Lab) -> Lab:
    """Five answers; the last one is rejected already."""
    hit = lab.hit(MaxAssignments=5)
    last = [lab.answer(hit, worker=f"AWORKER{number}", total="1,\n2") for number in range(5)][-1]
    lab.mturk.reject_assignment(AssignmentId=last, RequesterFeedback="Too late.")
    lab.sync()
    return lab


def test_a_file_goes_round_download_spreadsheet_upload_job_and_pays_exactly_what_was_marked(five: Lab) -> None:
    client = client_of(five)
    response = client.get(reverse("queue_csv", args=["lab"]) + "?status=all")
    header, *rows = csv.reader(io.StringIO(b"".join(response.streaming_content).decode()))
    worker, reward = header.index("WorkerId"), header.index("Reward")
    header.insert(27, "Input.image_url")
    for row in rows:
        row.insert(27, "http://x/1.jpg")
        row[reward] = "$0.10 "  # as a spreadsheet shows it
    by_worker = {row[worker]: row for row in rows}
    by_worker["AWORKER0"] += ["x", ""]
    by_worker["AWORKER1"] += ["X"]  # short by one
    by_worker["AWORKER2"] += ["", "The total is missing;\nplease read the task."]
    by_worker["AWORKER4"] += [" X ", ""]  # was rejected: pay it after all
    upload_at = sent(client, text([header, *rows], ";").encode("utf-16"))
    upload = Upload.objects.get()
    assert upload_at.url == reverse("upload", args=["lab", upload.pk])
    assert (upload.rows_read, upload.unmarked, upload.problem) == (5, 1, "")
    assert [row.action for row in upload.rows.all()] == ["approve", "approve", "reject", "override"]
    page = client.get(upload_at.url).content.decode()
    assert "Approve 2 for $0.24" in " ".join(page.split())
    assert "Approve, after all, 1 for $0.12" in " ".join(page.split())
    guard = client.get(reverse("guard", args=["lab"]) + f"?upload={upload.pk}").content.decode()
    assert "AWORKER2" in guard, "whom the file rejects, and nobody else"
    assert "AWORKER0" not in guard
    assert not Command.objects.exists(), "looking at it does nothing"
    assert HITInput.objects.get().values == [["image_url", "http://x/1.jpg"]]

    for action in ("approve", "reject", "override"):
        ask(client, upload, action)
        ask(client, upload, action)  # a double click
    assert Job.objects.count() == 3
    work(five)
    statuses = {row.worker_id: five.remote_status(row.assignment_id) for row in Assignment.objects.all()}
    assert statuses == {
        "AWORKER0": "Approved", "AWORKER1": "Approved", "AWORKER2": "Rejected", "AWORKER3": "Submitted",
        "AWORKER4": "Approved",
    }  # fmt: skip
    assert [row["amount"] for row in five.ledger("reward")] == ["0.10"] * 3
    rejected = Assignment.objects.get(worker_id="AWORKER2")
    assert rejected.feedback == "The total is missing;\nplease read the task."
    assert Command.objects.get(assignment_id=rejected.assignment_id).note == rejected.feedback
    assert "Nothing of it can be done" not in client.get(upload_at.url).content.decode()

    # The same file again: nothing is done twice, and each row says why.
    again = sent(client, text([header, *rows]).encode())
    second = Upload.objects.exclude(pk=upload.pk).get()
    assert [row.why.partition(".")[0] for row in second.rows.all()] == [
        "It is approved already", "It is approved already", "It is rejected already", "It is approved already",
    ]  # fmt: skip
    assert "Nothing of it can be done" in client.get(again.url).content.decode()
    ask(client, second, "approve")
    work(five)
    assert len(five.ledger("reward")) == 3


def test_a_file_is_read_by_a_worker_and_one_that_is_killed_leaves_it_to_the_next(five: Lab, monkeypatch: Any) -> None:
    client = client_of(five)
    monkeypatch.setattr(hits.files.marked, "CHUNK", 2)
    names = list(Assignment.objects.order_by("pk").values_list("assignment_id", flat=True))
    data = io.BytesIO(text([HEADER, *(["", name, "", "x", ""] for name in names)]).encode())
    data.name = "marked.csv"
    here = client.post(reverse("marked_upload", args=["lab"]), {"file": data}).url
    upload = Upload.objects.get()
    assert not upload.rows.exists(), "the request reads nothing"
    assert "Waiting to be read" in client.get(here).content.decode()
    monkeypatch.setattr(heartbeat, "STARTED", timezone.now() - timedelta(hours=1))
    assert "no worker has been seen" in client.get(here, headers={"HX-Request": "true"}).content.decode()

    class Killed(BaseException):
        """As sudden as a signal."""

    def dying(reading: incoming.Reading) -> None:
        step, steps = reading.step, []

        def last() -> None:
            steps.append(step())
            if len(steps) == 3:
                raise Killed

        reading.step = last  # type: ignore[method-assign]
        begun.append(reading)
        read_marked(reading)

    begun: list[incoming.Reading] = []
    with pytest.raises(Killed):
        incoming.read_on(incoming.due()[0], {"marked": dying})
    assert upload.rows.count() == 4, "what was committed stays, the chunk it died in does not"
    page = client.get(here).content.decode()
    assert '<h2 id="being-read-title">Being read' in page
    assert '<span class="number">4</span> rows so far' in page
    ask(client, upload, "approve")
    assert not Job.objects.exists(), "half a file is nothing to act on"
    assert not incoming.due(), "perhaps it only takes long"
    IncomingFile.objects.update(claimed_until=timezone.now())
    sweep()
    read_files()
    assert [row.number for row in upload.rows.all()] == [2, 3, 4, 5, 6]
    upload.refresh_from_db()
    assert (upload.rows_read, upload.read_at is None) == (5, False)
    begun[0].file = io.BytesIO()
    with pytest.raises(incoming.Lost):  # it was not dead, only slow
        begun[0].step()
    done = client.get(here, headers={"HX-Request": "true"})
    assert done.headers["HX-Refresh"] == "true"
    assert "Approve 4 for" in done.content.decode()
    assert not IncomingFile.objects.exists()
    assert not IncomingPart.objects.exists()


def test_a_file_that_ends_every_worker_is_not_tried_for_ever_and_half_a_file_is_thrown_away(lab: Lab) -> None:
    upload = marked(lab, b"AssignmentId,Approve\n")
    stored = incoming.keep(io.BytesIO(b"x" * (2 * incoming.PART + 1)), account=lab.account)
    assert (stored.parts.count(), incoming.due()) == (3, []), "not whole yet"
    IncomingFile.objects.update(created_at=timezone.now() - timedelta(hours=2))
    incoming.forget_old()
    assert not IncomingPart.objects.exists()
    stored = incoming.keep(io.BytesIO(b"AssignmentId,Approve\n3A,x\n"), account=lab.account)
    second = Upload(account=lab.account, kind="marked", name="b.csv", made_by=upload.made_by).begin(stored, "marked")
    tries = []

    def broken(reading: incoming.Reading) -> None:
        tries.append(reading.file.read())
        raise ValueError("nobody foresaw this")

    for _ in range(9):
        incoming.read_on(stored.pk, {"marked": broken})
    assert tries == [b"AssignmentId,Approve\n3A,x\n"] * 4
    page = client_of(lab).get(reverse("upload", args=["lab", second.pk])).content.decode()
    assert "broke off" in page
    assert "every 1s" not in page, "nothing more comes of it"


def test_each_row_that_cannot_be_done_has_a_sentence_of_its_own_and_the_others_go_on(
    five: Lab, marketplace_server: Any
) -> None:
    other = make_lab(marketplace_server, slug="other")
    foreign = other.answer(other.hit())
    other.sync()
    a = {row.worker_id: row.assignment_id for row in Assignment.objects.of(five.account)}
    hit = Assignment.objects.of(five.account)[0].hit.hit_id
    w = "AWORKER"
    rows = [
        (["", a[f"{w}0"], "", "x", "bad work"], "Approve and Reject are both filled in"),
        (["", a[f"{w}0"], "", "yes", ""], "Approve holds “yes”"),
        (["", a[f"{w}0"], "", "TRUE", "FALSE"], "Approve and Reject are both"),
        (["", a[f"{w}0"], "", "", "FALSE"], "Reject holds “FALSE”"),
        (["", a[f"{w}0"], "", "", "x"], "Reject holds “x”"),
        (["", a[f"{w}0"], "", "", "b" * 1025], "1025 characters; 1024 is the most"),
        (["", a[f"{w}0"], "", "", "bad\x07work"], "control characters"),
        (["", a[f"{w}0"], f"{w}1", "x", ""], f"The file says worker {w}1, but {w}0 handed this in"),
        (["3NOHIT", a[f"{w}0"], "", "x", ""], "The file says HIT 3NOHIT, but this is an answer to"),
        (["", foreign, "", "x", ""], "No assignment of this account has this id"),
        (["", "", f"{w}0", "x", ""], "AssignmentId is empty"),
        (["", "OriginalHitTemplateId:92", "", "", ""], "the columns of this row are shifted"),
        (["", a[f"{w}0"], "", "x", "", "x"], "more cells than the header"),
        ([hit, a[f"{w}1"].lower(), f"{w}1", "X", ""], ""),
        (["", a[f"{w}1"], "", "x", ""], "says the same already"),
        (["", a[f"{w}2"], "", "x", ""], "says something else about this assignment"),
        (["", a[f"{w}2"], "", "", "Wrong total."], "says something else about this assignment"),
        (["", a[f"{w}4"], "", "", "Too late."], "It is rejected already"),
        (["", a[f"{w}3"], "", "", ""], None),
    ]  # fmt: skip
    upload = marked(five, text([HEADER, *(cells for cells, _ in rows)]).encode())
    found = {row.number: row for row in upload.rows.all()}
    for number, (cells, sentence) in enumerate(rows, 2):
        if sentence is None:
            assert number not in found, "what is not marked asks for nothing"
        elif sentence:
            assert sentence in found[number].why, cells
            assert found[number].fate == "refused"
        else:
            assert (found[number].fate, found[number].why) == ("go", "")
    client = client_of(five)
    ask(client, upload, "approve")
    ask(client, upload, "reject")
    work(five)
    assert [row["worker"] for row in five.ledger("reward")] == [f"{w}1"]
    assert not other.ledger("reward")

    # What failed comes home in a shape that can be uploaded again, with nothing a spreadsheet computes.
    response = client.get(reverse("upload_failed", args=["lab", upload.pk]))
    header, *failed = csv.reader(io.StringIO(b"".join(response.streaming_content).decode()))
    assert header == [*HEADER, "Problem"]
    assert len(failed) == len(rows) - 2
    assert all(row[5] for row in failed)
    corrected = [[*row[:3], "x", "", row[5]] for row in failed if row[1] == a[f"{w}0"]][:1]
    second = marked(five, text([header, *corrected]).encode())
    ask(client, second, "approve")
    work(five)
    assert sorted(row["worker"] for row in five.ledger("reward")) == [f"{w}0", f"{w}1"]


def test_what_changed_between_looking_and_doing_is_left_out_and_two_files_pay_once(five: Lab) -> None:
    ids = list(Assignment.objects.filter(status="Submitted").order_by("pk").values_list("assignment_id", flat=True))
    data = text([HEADER, *(["", name, "", "x", ""] for name in ids)]).encode()
    first, second = marked(five, data), marked(five, data)
    assert {row.fate for row in UploadRow.objects.all()} == {"go"}, "both were looked at before either was begun"
    client = client_of(five)
    ask(client, first, "approve")
    for job in Job.objects.all():
        jobs.prepare(job.pk)
    response = client.post(reverse("upload_ask", args=["lab", second.pk]), {"action": "approve"}, follow=True)
    assert "Nothing in this selection can be done." in response.content.decode()
    work(five)
    assert len(five.ledger("reward")) == len(ids)
    assert Command.objects.count() == len(ids)


def test_old_uploads_are_forgotten_but_not_what_they_did(five: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    names = list(Assignment.objects.order_by("pk").values_list("assignment_id", flat=True))
    done, begun, young = (
        marked(five, text([HEADER, *(["", name, "", "x", ""] for name in some)]).encode())
        for some in (names[:3], names[3:], names[:1])
    )
    client = client_of(five)
    ask(client, done, "approve")
    work(five)
    ask(client, begun, "approve")
    Upload.objects.exclude(pk=young.pk).update(created_at=timezone.now() - old_lists.KEPT - timedelta(minutes=1))
    monkeypatch.setattr(old_lists, "CHUNK", 2)
    sweep()
    assert done.rows.count() == 1, "some rows at a time"
    for _ in range(2):
        sweep()
    assert set(Upload.objects.all()) == {begun, young}, "one whose job is not over stays"
    work(five)
    for _ in range(2):
        sweep()
    assert list(Upload.objects.all()) == [young]
    assert len(five.ledger("reward")) == Command.objects.filter(state=State.DONE).count() == 4
    assert "kept for 30 days" in client.get(reverse("uploads", args=["lab"])).content.decode()
    assert client.get(reverse("upload", args=["lab", done.pk])).status_code == 404


def test_what_is_no_result_file_is_said_beside_the_field_and_who_may_not_decide_uploads_nothing(
    five: Lab, settings: Any
) -> None:
    client = client_of(five)
    for data, sentence in (
        (b"", "The file is empty."),
        (b"PK\x03\x04 and more", "This is a workbook"),
        (b"WorkerId,Approve\nA1,x\n", "no column AssignmentId"),
        (b"AssignmentId,WorkerId\n3A,A1\n", "neither a column Approve nor a column Reject"),
        (b"AssignmentId,Approve,approve\n3A,x,\n", "the column Approve more than once"),
    ):
        response = sent(client, data)
        assert response.status_code == 422
        assert sentence in response.content.decode()
    assert "Choose a file." in client.post(reverse("marked_upload", args=["lab"])).content.decode()
    settings.UPLOAD_MEGABYTES = 1
    large = sent(client, b"AssignmentId,Approve\n" + b"3A,x\n" * 220_000)
    assert "larger than 1 MB" in large.content.decode()
    assert not Upload.objects.exists()
    viewer = sent(client_of(five, "viewer"), text([HEADER, ["", "3A", "", "x", ""]]).encode())
    assert "You need to be a reviewer" in viewer.content.decode()
    settings.UPLOAD_ROWS = 2
    ids = Assignment.objects.filter(status="Submitted").values_list("assignment_id", flat=True)
    upload = marked(five, text([HEADER, *(["", name, "", "x", ""] for name in ids)]).encode())
    assert "more than 2 rows" in upload.problem
    assert upload.rows.filter(fate="go").count() == 2
    cut = marked(five, (text([HEADER]) + f'"","{ids[0]}","","","half a rea').encode())
    assert "ends within this row" in cut.rows.get().why
    assert not Command.objects.exists()


def test_a_hostile_file_is_text_on_the_page_and_in_the_file_that_goes_home(five: Lab) -> None:
    evil = '=cmd|"/C calc"!A0<script>alert(1)</script>{{ 7*7 }}'
    name = Assignment.objects.filter(status="Submitted")[0].assignment_id
    upload = marked(
        five, text([[*HEADER, "Input.<script>"], ["", name, "", "", evil, evil], ["", evil, "", "x\0x", ""]]).encode()
    )
    UploadRow.objects.filter(number=2).update(fate="refused", why=evil)
    Upload.objects.update(name=evil)
    page = client_of(five).get(reverse("upload", args=["lab", upload.pk])).content.decode()
    assert "<script>alert" not in page
    assert "49" not in re.findall(r"calc.{0,120}", page)[0]
    home = client_of(five).get(reverse("upload_failed", args=["lab", upload.pk]))
    cells = list(csv.reader(io.StringIO(b"".join(home.streaming_content).decode())))
    assert not [cell for row in cells for cell in row if cell.startswith("=")]
    assert cells[1][4] == "'" + evil
    again = marked(five, text(cells).encode())
    assert again.rows.get(number=2).text == evil, "what was guarded is read as it was"


def test_a_long_file_is_read_in_chunks_and_its_page_costs_the_same(five: Lab) -> None:
    client = client_of(five)
    ids = list(Assignment.objects.filter(status="Submitted").values_list("assignment_id", flat=True))
    costs = {}
    for count in (3, 1, 3, 1200, 2200):  # the first of all also begins the audit
        names = [ids[number] if number < len(ids) else f"3NOBODY{number}" for number in range(count)]
        with CaptureQueriesContext(connection) as queries:
            upload = marked(five, text([HEADER, *(["", name, "", "x", ""] for name in names)]).encode())
        with CaptureQueriesContext(connection) as shown:
            client.get(reverse("upload", args=["lab", upload.pk]))
        costs[count] = (len(queries), len(shown))
    assert costs[1] == costs[3]
    assert costs[2200][1] == costs[1200][1] == costs[3][1]
    assert costs[2200][0] - costs[1200][0] < 40, "queries are for chunks, not for rows"


def test_jobs_over_more_than_a_thousand_hits_are_prepared_whole(lab: Lab) -> None:
    """One answer each: more different HITs in a chunk than a clause of SQLite takes."""
    now, count = timezone.now(), 1_050
    batch = Batch.objects.create(account=lab.account, key="batch:many")
    kind = HITType.objects.create(account=lab.account, hit_type_id="TMANY")
    hits = HIT.objects.bulk_create(
        HIT(account=lab.account, hit_id=f"H{n}", hit_type=kind, batch=batch, status="Reviewable", created_at=now)
        for n in range(count)
    )
    Assignment.objects.bulk_create(
        Assignment(account=lab.account, hit=hit, batch=batch, assignment_id=f"N{hit.hit_id}", worker_id="AMANY",
                   status="Submitted", submitted_at=now, auto_approval_at=now)
        for hit in hits
    )  # fmt: skip
    upload = marked(lab, text([HEADER, *(["", f"NH{n}", "", "", "Wrong {total}."] for n in range(count))]).encode())
    ask(client_of(lab), upload, "reject")
    lines = ["AssignmentId,BonusAmount,Reason\n", *(f"NH{n},0.05,Thanks\n" for n in range(count))]
    by = lab.people["approver"]
    bonuses = begin_bonuses(account=lab.account, by=by, name="b.csv", file=io.BytesIO("".join(lines).encode()))
    read_files()
    ask(client_of(lab), bonuses, "bonus")
    for job in Job.objects.all():
        jobs.prepare(job.pk)
        job.refresh_from_db()
    assert [job.total for job in Job.objects.all()] == [count, count]
    assert not UploadRow.objects.filter(command=None).exists()
    assert Command.objects.filter(kind="RejectAssignment")[0].params["RequesterFeedback"] == "Wrong {total}."
