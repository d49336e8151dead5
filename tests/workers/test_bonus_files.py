"""Many bonuses: from a CSV or by a formula, each row looked at first, each paid once, none paid again unasked."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dashboard import commands, jobs
from dashboard.models import Command, Job, JobState, State
from dashboard.permissions import Denied
from hits.models import Assignment, Upload
from tests.cast import Lab, read_files
from workers.actions import pay_bonus
from workers.actions.bonus_rows import begin_bonuses, dollars
from workers.models import BonusPayment

HEADER = ["WorkerId", "AssignmentId", "BonusAmount", "Reason"]


def client_of(lab: Lab, who: str = "approver") -> Client:
    client = Client()
    client.force_login(lab.people[who])
    return client


def text(rows: list[list[str]], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([HEADER, *rows])
    return out.getvalue().encode()


def read(lab: Lab, rows: list[list[str]]) -> Upload:
    upload = begin_bonuses(account=lab.account, by=lab.people["approver"], name="b.csv", file=io.BytesIO(text(rows)))
    read_files()
    upload.refresh_from_db()
    return upload


def ask(client: Client, upload: Upload) -> Any:
    return client.post(reverse("upload_ask", args=["lab", upload.pk]), {"action": "bonus"}, follow=True)


def work(lab: Lab) -> None:
    for job in Job.objects.filter(state=JobState.PREPARING):
        jobs.prepare(job.pk)
    Command.objects.filter(account=lab.account, state=State.QUEUED).update(not_before=timezone.now())
    commands.deliver_due(lab.account.pk)
    jobs.sweep()


def paid(lab: Lab) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in lab.ledger("bonus"):
        found.setdefault(row["worker"], []).append(row["amount"])
    return found


@pytest.fixture
def four(lab: Lab) -> Lab:
    hit = lab.hit(MaxAssignments=4)
    for number in range(4):
        lab.answer(hit, worker=f"AWORKER{number}")
    lab.sync()
    return lab


def ids(lab: Lab) -> dict[str, str]:
    return {row.worker_id: row.assignment_id for row in Assignment.objects.of(lab.account)}


def test_amounts_are_read_as_people_and_spreadsheets_write_them() -> None:
    assert [dollars(cell) for cell in ("0.5", "$0.50 ", "0,50", "1", "USD 2.05", "\u00a012.3")] == [
        Decimal(amount) for amount in ("0.5", "0.5", "0.5", "1", "2.05", "12.3")
    ]
    for cell in ("1,234.50", "1,234", "0.125", "-1", "1e3", "NaN", "٣", "=1", "free"):
        with pytest.raises(Denied, match="BonusAmount holds"):
            dollars(cell)


def test_a_csv_pays_each_row_its_own_amount_once_and_what_was_paid_before_only_when_it_is_ticked(four: Lab) -> None:
    client, a = client_of(four), ids(four)
    pay_bonus(
        assignment=Assignment.objects.select_related("hit", "account").get(worker_id="AWORKER1"),
        by=four.people["approver"],
        amount=Decimal("0.05"),
        reason="Early",
    )
    work(four)
    rows = [
        ["AWORKER0", a["AWORKER0"], "$0.50 ", "Thank you;\nall right"],
        ["", a["AWORKER1"], "0,25", "Second"],
        ["AWORKER0", a["AWORKER0"], "0.10", "Again"],
        ["AWORKER2", a["AWORKER2"], "0.125", "Not in cents"],
        ["AWORKER3", a["AWORKER2"], "0.10", "Mixed up"],
        ["AWORKER3", a["AWORKER3"], "", "Nothing asked"],
        ["AWORKER3", "3NOBODY", "0.10", "Foreign"],
        ["AWORKER3", a["AWORKER3"], "0.10", ""],
    ]
    file = io.BytesIO(text(rows, ";"))
    file.name = "bonuses.csv"
    begun = client.post(reverse("bonus_upload", args=["lab"]), {"file": file})
    read_files()
    response = client.get(begun.url)
    upload = Upload.objects.get()
    page = " ".join(response.content.decode().split())
    assert "Pay bonuses to 1 for $0.60" in page
    told = {row.number: (row.fate, row.why) for row in upload.rows.all()}
    assert told[2] == ("go", "")
    assert told[3][0] == "doubt"
    assert "A bonus of $0.05 for it was paid already" in told[3][1]
    assert told[4] == ("doubt", "Row 2 pays the same assignment $0.50 as well.")
    assert "“0.125”" in told[5][1]
    assert "but AWORKER2 handed this in" in told[6][1]
    assert 7 not in told
    assert "No assignment of this account" in told[8][1]
    assert "Say what the bonus is for" in told[9][1]
    assert paid(four) == {"AWORKER1": ["0.05"]}

    row = upload.rows.get(number=3)
    client.post(reverse("upload_tick", args=["lab", upload.pk]), {"row": row.pk})
    ask(client, upload)
    ask(client, upload)
    work(four)
    assert paid(four) == {"AWORKER0": ["0.50"], "AWORKER1": ["0.05", "0.25"]}
    assert {fee["amount"] for fee in four.ledger("fee")} == {"0.10", "0.01", "0.05"}
    assert BonusPayment.objects.get(worker_id="AWORKER0").reason.startswith("Thank you;\nall right [ref ")
    # Too late to tick: the job has its rows.
    client.post(reverse("upload_tick", args=["lab", upload.pk]), {"action": "all"})
    assert upload.rows.get(number=4).fate == "doubt"

    # The same file again, and what failed, corrected: nobody is paid twice.
    assert {row.fate for row in read(four, rows).rows.filter(number__in=[2, 3, 4])} == {"doubt"}
    home = client.get(reverse("upload_failed", args=["lab", upload.pk]))
    header, *failed = csv.reader(io.StringIO(b"".join(home.streaming_content).decode()))
    assert header == [*HEADER, "Problem"]
    assert [row[2] for row in failed] == ["0.10", "0.125", "0.10", "0.10", "0.10"]
    corrected = [[*row[:2], "0.13", row[3]] for row in failed if row[2] == "0.125"]
    second = read(four, corrected)
    ask(client, second)
    work(four)
    assert paid(four)["AWORKER2"] == ["0.13"]


def test_two_files_looked_at_before_either_was_begun_pay_once(four: Lab) -> None:
    client, a = client_of(four), ids(four)
    rows = [["AWORKER0", a["AWORKER0"], "0.50", "Thanks"]]
    first, second = read(four, rows), read(four, rows)
    assert {row.fate for upload in (first, second) for row in upload.rows.all()} == {"go"}
    ask(client, first)
    ask(client, second)
    work(four)
    assert paid(four) == {"AWORKER0": ["0.50"]}
    job = Job.objects.order_by("created_at").last()
    assert job is not None
    assert job.skipped_why == {} or "has had one since" in str(job.skipped_why)


def test_a_reviewers_bonuses_and_large_ones_wait_for_a_second_person(four: Lab) -> None:
    a = ids(four)
    rows = [["AWORKER0", a["AWORKER0"], "0.50", "Thanks"], ["AWORKER1", a["AWORKER1"], "2.00", "Thanks"]]
    page = ask(client_of(four, "reviewer"), read(four, rows[:1])).content.decode()
    work(four)
    assert Job.objects.get().state == JobState.PROPOSED
    assert "Pay bonuses to 1" in page
    four.account.release_bonus_above = Decimal(1)
    four.account.save()
    ask(client_of(four, "approver"), read(four, rows[1:]))
    work(four)
    assert {job.state for job in Job.objects.all()} == {JobState.PROPOSED}
    assert paid(four) == {}
    for job in Job.objects.all():
        jobs.release(job, by=four.people["manager"])
    work(four)
    assert paid(four) == {"AWORKER0": ["0.50"], "AWORKER1": ["2.00"]}
    assert client_of(four, "viewer").post(reverse("bonus_upload", args=["lab"])).status_code == 422


def test_a_formula_is_tried_worked_out_looked_at_and_paid_with_the_amounts_that_were_seen(four: Lab) -> None:
    client = client_of(four)
    agreement = {"AWORKER0": 100, "AWORKER1": 50, "AWORKER2": 101, "AWORKER3": 92}
    for worker, percent in agreement.items():
        Assignment.objects.filter(worker_id=worker).update(agreement=percent)
    url = reverse("bonus_formula", args=["lab"])
    formula = "reward * agreement / 100 * 0.5 if agreement >= 90 else 0"
    tried = client.get(url, {"formula": formula}, headers={"HX-Request": "true"}).content.decode()
    assert '<strong class="number">2</strong> get something: $0.05 to $0.05' in " ".join(tried.split())
    assert "“agreement” is not known for it." in tried
    wrong = client.post(url, {"formula": "wages * 2", "reason": "x", "query": ""})
    assert wrong.status_code == 422
    assert "“wages” is not known" in wrong.content.decode().replace("&quot;", '"')
    assert "x</textarea>" in wrong.content.decode(), "what was typed stays"
    without = client.post(url, {"formula": formula, "reason": "", "query": ""})
    assert "Say what the bonus is for" in without.content.decode()
    assert client.post(url, {"formula": formula, "action": "try", "query": ""}).status_code == 200
    assert not Upload.objects.exists()

    client.post(url, {"formula": formula, "reason": "Agreed with others", "query": "status=waiting"})
    read_files()
    upload = Upload.objects.get()
    assert (upload.kind, upload.rows_read, upload.unmarked) == ("formula", 4, 1)
    Assignment.objects.update(agreement=10)  # what was looked at is what is paid
    page = " ".join(client.get(reverse("upload", args=["lab", upload.pk])).content.decode().split())
    assert "Pay bonuses to 2 for $0.12" in page
    ask(client, upload)
    work(four)
    assert paid(four) == {"AWORKER0": ["0.05"], "AWORKER3": ["0.05"]}
    sheet = client.get(reverse("bonus_sheet", args=["lab"]) + "?status=all&worker=AWORKER2")
    assert b"".join(sheet.streaming_content).decode() == (
        f"WorkerId,AssignmentId,BonusAmount,Reason\r\nAWORKER2,{ids(four)['AWORKER2']},,\r\n"
    )


def test_the_same_amount_for_all_leaves_out_who_had_a_bonus_unless_the_box_is_ticked(four: Lab) -> None:
    client = client_of(four)
    url = reverse("job_new", args=["lab", "bonus"])
    one = ids(four)["AWORKER0"]
    said = {"amount": "0.20", "reason": "Thanks", "query": f"assignment={one}"}
    assert "1 ticked" in client.get(url, {"assignment": one}).content.decode()
    client.post(url, said)
    work(four)
    assert paid(four) == {"AWORKER0": ["0.20"]}, "of all that wait only the ticked one"
    again = client.post(url, {**said, "query": "status=waiting"})
    work(four)
    assert again.status_code == 302
    assert {worker: len(amounts) for worker, amounts in paid(four).items()} == {f"AWORKER{n}": 1 for n in range(4)}
    job = Job.objects.latest("created_at")
    assert job.skipped_why == {"It has had a bonus already. Tick the box to pay another one.": 1}
    assert len(set(job.commands.values_list("params__Reason", flat=True))) == 3, "each has a reference of its own"
    client.post(url, {**said, "again": "on"})
    work(four)
    assert paid(four)["AWORKER0"] == ["0.20", "0.20"]


def test_a_chunk_of_bonuses_costs_the_same_queries_for_one_row_and_for_three(four: Lab) -> None:
    a = ids(four)
    rows = [[worker, name, "0.10", "Thanks"] for worker, name in a.items()]
    read(four, rows[:1])
    costs = []
    for some in (rows[:1], rows[:3]):
        with CaptureQueriesContext(connection) as queries:
            read(four, some)
        costs.append(len(queries))
    assert costs[0] == costs[1]
