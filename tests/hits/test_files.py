"""Results for download: the Requester website's file to the letter, and a fuller one that no spreadsheet computes."""

import csv
import io
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dashboard import csv_files
from hits.files import full_lines, json_lines, result_rows
from hits.files.results import HEADER, website_time
from hits.models import HIT, Assignment, Batch, HITInput, HITType
from tests.cast import Lab, make_lab

TASK = json.dumps([{"label": {"label": "cat"}, "boxes": [1, 2]}])
EVIL = '=HYPERLINK("http://evil"),<script>alert(1)</script>\nsecond line'


@pytest.fixture
def answered(lab: Lab) -> Lab:
    """Three answers in the three encodings, one of them decided."""
    hit = lab.hit(
        RequesterAnnotation="BatchId:4802138;OriginalHitTemplateId:928390873;", AutoApprovalDelayInSeconds=259200
    )
    lab.answer(hit, worker="AFLAT", **{"annotatedResult.boundingBoxes": "[]", "_1monitor1.cellphone": "true"})
    decided = lab.answer(hit, worker="ATASK", taskAnswers=TASK)
    lab.mturk.reject_assignment(AssignmentId=decided, RequesterFeedback="No box around it.")
    lab.answer(hit, worker="APLAIN", total=EVIL)
    lab.sync()
    return lab


def table(text: str) -> list[dict[str, str]]:
    header, *rows = csv.reader(io.StringIO(text))
    return [dict(zip(header, row, strict=False)) for row in rows]


def got(lab: Lab, url: str, by: str = "viewer") -> Any:
    client = Client()
    client.force_login(lab.people[by])
    return client.get(url)


def body(response: Any) -> str:
    return b"".join(response.streaming_content).decode()


def test_the_websites_file_is_exact(answered: Lab) -> None:
    HITInput.objects.create(hit=HIT.objects.get(), values=[("image_url", "http://x/1.jpg"), ("id", "7")])
    batch = Batch.objects.get()
    response = got(answered, reverse("results_csv", args=["lab", batch.pk]))
    assert response["Content-Disposition"] == 'attachment; filename="Batch_4802138_batch_results.csv"'
    text = body(response)
    header, first = text.splitlines()[:2]
    assert header == ",".join(
        f'"{name}"' for name in [
            *HEADER, "Input.image_url", "Input.id", "Answer._1monitor1.cellphone",
            "Answer.annotatedResult.boundingBoxes", "Answer.taskAnswers", "Answer.total", "Approve", "Reject",
        ]
    )  # fmt: skip
    assert len(HEADER) == 27
    row = Assignment.objects.select_related("hit__hit_type").get(worker_id="AFLAT")
    hit = row.hit
    assert first == ",".join(
        f'"{cell}"' for cell in [
            hit.hit_id, hit.hit_type.hit_type_id, "Receipt totals", "Type the total of a receipt.", "receipt, total",
            "$0.10", website_time(hit.created_at), "3", "BatchId:4802138;OriginalHitTemplateId:928390873;", "600",
            "259200", website_time(hit.expires_at), "", "", row.assignment_id, "AFLAT", "Submitted",
            website_time(row.accepted_at), website_time(row.submitted_at), website_time(row.auto_approval_at), "", "",
            "", str(row.work_seconds), "0% (0/0)", "0% (0/0)", "0% (0/0)", "http://x/1.jpg", "7", "true", "[]", "", "",
        ]
    )  # fmt: skip
    rows = list(csv.reader(io.StringIO(text)))
    assert {len(row) for row in rows[1:]} == {len(rows[0]) - 2}
    by_worker = {row["WorkerId"]: row for row in table(text)}
    assert by_worker["ATASK"]["Answer.taskAnswers"] == TASK
    assert by_worker["ATASK"]["AssignmentStatus"] == "Rejected"
    assert by_worker["ATASK"]["RequesterFeedback"] == "No box around it."
    assert by_worker["ATASK"]["RejectionTime"].endswith(str(timezone.now().year))
    assert by_worker["ATASK"]["LifetimeApprovalRate"] == "0% (0/1)"
    assert by_worker["APLAIN"]["Answer.total"] == EVIL


def test_times_are_those_of_seattle_in_its_season() -> None:
    assert website_time(datetime(2022, 8, 15, 15, 13, 6, tzinfo=UTC)) == "Mon Aug 15 08:13:06 PDT 2022"
    assert website_time(datetime(2019, 11, 26, 5, 10, 4, tzinfo=UTC)) == "Mon Nov 25 21:10:04 PST 2019"
    assert website_time(None) == ""


def test_rates_are_our_own_history_with_the_worker_of_what_was_decided(lab: Lab) -> None:
    for _ in range(3):
        lab.answer(lab.hit(MaxAssignments=1), worker="AOLD")
    lab.answer(lab.hit(MaxAssignments=1), worker="AOLD")
    lab.sync()
    one, two, three, _ = Assignment.objects.order_by("pk")
    now = timezone.now()
    Assignment.objects.filter(pk=one.pk).update(status="Approved", approved_at=now - timedelta(days=100))
    Assignment.objects.filter(pk=two.pk).update(status="Rejected", rejected_at=now - timedelta(days=20))
    Assignment.objects.filter(pk=three.pk).update(status="Approved", approved_at=now - timedelta(days=2))
    header, *rows = result_rows(lab.account, Assignment.objects.all())
    assert {tuple(row[24:27]) for row in rows} == {("67% (2/3)", "50% (1/2)", "100% (1/1)")}
    assert header[24] == "LifetimeApprovalRate"


def test_the_queues_file_holds_what_its_filters_leave_and_nobody_elses(answered: Lab, marketplace_server: Any) -> None:
    url = reverse("queue_csv", args=["lab"])
    assert {row["WorkerId"] for row in table(body(got(answered, url)))} == {"AFLAT", "APLAIN"}
    assert [row["WorkerId"] for row in table(body(got(answered, f"{url}?status=all&worker=ATASK")))] == ["ATASK"]
    other = make_lab(marketplace_server, slug="other")
    assert got(other, url).status_code == 404
    assert got(other, reverse("results_csv", args=["other", Batch.objects.get().pk])).status_code == 404
    assert table(body(got(other, reverse("queue_csv", args=["other"])))) == []


def test_the_full_file_tells_the_data_verdict_and_no_spreadsheet_computes_it(answered: Lab) -> None:
    rows = Assignment.objects.all()
    rows.filter(worker_id="APLAIN").update(
        data_verdict="corrected", corrected={"total": "=2+3"}, agreement=50, gold_score=100
    )
    rows.filter(worker_id="AFLAT").update(data_verdict="unusable")
    url = reverse("queue_csv", args=["lab"]) + "?status=all&format="
    full = {row["worker_id"]: row for row in table(body(got(answered, url + "full")))}
    assert set(full) == {"APLAIN", "ATASK"}, "what is unusable as data is left out"
    assert {row["worker_id"] for row in table(body(got(answered, url + "full&unusable=yes")))} == {
        "APLAIN",
        "ATASK",
        "AFLAT",
    }
    plain = full["APLAIN"]
    assert (plain["data_verdict"], plain["agreement"], plain["gold_score"], plain["flagged"]) == (
        "corrected",
        "50",
        "100",
        "false",
    )
    assert plain["answer.total"] == "'" + EVIL
    assert plain["corrected.total"] == "'=2+3"
    lines = [json.loads(line) for line in body(got(answered, url + "json")).splitlines()]
    told = {line["worker_id"]: line for line in lines}
    assert told["APLAIN"]["corrected"] == {"total": "=2+3"}
    assert told["APLAIN"]["answer"]["total"] == EVIL
    assert told["ATASK"]["status"] == "Rejected"
    assert told["ATASK"]["agreement"] is None


def many(lab: Lab, count: int) -> None:
    """Assignments as a sync leaves them, without asking the marketplace for each."""
    batch = Batch.objects.create(account=lab.account, key=f"batch:{count}")
    kind = HITType.objects.create(account=lab.account, hit_type_id=f"T{count}", title="Many")
    now = timezone.now()
    hits = HIT.objects.bulk_create(
        HIT(
            account=lab.account,
            hit_id=f"H{count}X{number}",
            hit_type=kind,
            batch=batch,
            status="Reviewable",
            created_at=now,
        )
        for number in range(count // 10)
    )
    answer = (
        '<QuestionFormAnswers xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2005-10-01/'
        'QuestionFormAnswers.xsd"><Answer><QuestionIdentifier>f{0}</QuestionIdentifier><FreeText>{1}</FreeText></Answer>'
        "</QuestionFormAnswers>"
    )
    Assignment.objects.bulk_create(
        Assignment(
            account=lab.account, hit=hits[number // 10], batch=batch, assignment_id=f"N{count}X{number}",
            worker_id=f"AW{number % 50}", status="Submitted", accepted_at=now - timedelta(seconds=90), submitted_at=now,
            auto_approval_at=now + timedelta(days=3), answer=answer.format(number % 3, "word " * 200),
        )
        for number in range(count)
    )  # fmt: skip


def test_a_hundred_thousand_rows_would_need_no_more_memory_and_no_more_queries_for_each_chunk(lab: Lab) -> None:
    queries_of, peaks = [], []
    for count in (500, 1000, 1500):
        many(lab, count)
        rows = Assignment.objects.filter(batch__key=f"batch:{count}")
        with CaptureQueriesContext(connection) as queries:
            assert sum(1 for _ in result_rows(lab.account, rows)) == count + 1
        queries_of.append(len(queries))
        connection.queries_log.clear()
        if count == 500:
            continue  # what is loaded at the first time is not the rows'
        tracemalloc.start()
        assert sum(1 for _ in csv_files.lines(result_rows(lab.account, rows), exact=True)) == count + 1
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    for whole in (full_lines, json_lines):
        assert sum(1 for _ in whole(lab.account, rows)) >= count
    few, more, most = queries_of
    assert most - more == more - few, "every chunk costs the same number of queries"
    assert more - few <= 8
    # A chunk more, of rows of a kilobyte: what is held does not grow with them.
    assert peaks[1] < peaks[0] + 200_000
