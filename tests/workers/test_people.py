"""The table of workers, the page of one, and the record beside an answer."""

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dashboard import proposals
from dashboard.models import AuditEvent
from hits.models import Assignment
from tests.cast import Lab, meanwhile
from tests.workers.test_figures import digest
from workers.actions import soft_block
from workers.models import SoftBlock, Worker, WorkerBlock, WorkerNote, WorkerTag, begins

ONE, TWO, THREE = "AONEWORKER0001", "ATWOWORKER0001", "BADIDSDONOTCOUNT"
ATTACK = "<script>alert(1)</script>{{7*7}}\u202e\"'><img src=x onerror=alert(2)>"


def client_of(lab: Lab, role: str = "reviewer") -> Client:
    client = Client()
    client.force_login(lab.people[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get("/healthz")
    return client


def worked(lab: Lab, *workers: str, hits: int = 1) -> list[str]:
    ids = []
    for number in range(hits):
        hit = lab.hit(RequesterAnnotation=f"BatchId:{number};")
        ids += [lab.answer(hit, worker) for worker in workers]
    lab.sync()
    digest(lab)
    return ids


def shown(client: Client, **query: Any) -> list[str]:
    page = client.get(reverse("workers", args=["lab"]), query)
    assert page.status_code == 200
    return re.findall(r'<tr id="row-(\w+)"', page.content.decode())


def write(client: Client, worker: str, **post: str) -> Any:
    return client.post(reverse("worker_write", args=["lab", worker]), post)


def test_the_table_finds_sorts_and_tags_workers(lab: Lab) -> None:
    client = client_of(lab)
    assert "Nobody has worked here yet" in client.get(reverse("workers", args=["lab"])).content.decode()
    worked(lab, ONE, TWO)
    worked(lab, TWO)
    assert shown(client, sort="work") == [TWO, ONE]
    assert shown(client, sort="id") == [ONE, TWO]
    assert shown(client, q="aone") == [ONE]
    assert shown(client, q="' OR 1=1") == []
    assert shown(client, sort="gold") == [], "nobody has met a gold answer yet"
    batch = Assignment.objects.filter(worker_id=ONE).get().batch_id
    assert sorted(shown(client, batch=batch)) == [ONE, TWO]
    assert shown(client, decided=1) == []
    assert len(shown(client, decided="many", at_most=-4, seen="x", status="y", after="z")) == 2, "no filter at all"

    url = reverse("workers_act", args=["lab"])
    client.post(url, {"action": "tag", "worker": [ONE], "tag": "  Knows   German "})
    client.post(url, {"action": "tag", "all": "yes", "query": "q=ATWO", "tag": ATTACK[:30]})
    assert set(WorkerTag.objects.values_list("worker__worker_id", "name")) == {
        (ONE, "knows german"),
        (TWO, ATTACK[:30].lower()),
    }
    assert shown(client, tag="knows german") == [ONE]
    assert ATTACK[:25].lower() not in client.get(reverse("workers", args=["lab"])).content.decode()
    client.post(url, {"action": "soft_block", "worker": [ONE, TWO], "reason": "Hasty."})
    assert sorted(shown(client, status="soft")) == [ONE, TWO]
    client.post(url, {"action": "untag", "worker": [ONE, TWO], "tag": "knows german"})
    assert shown(client, tag="knows german") == []

    refused = client_of(lab, "viewer").post(url, {"action": "tag", "worker": [ONE], "tag": "x"}, follow=True)
    assert "You need to be a reviewer" in refused.content.decode()
    assert not WorkerTag.objects.filter(name="x").exists()


def test_what_is_written_about_a_worker_stays_in_the_team(lab: Lab) -> None:
    (assignment_id,) = worked(lab, ONE)
    client = client_of(lab)
    assert write(client, ONE, action="note", text=ATTACK).status_code == 302
    record = client.get(
        reverse("worker_record", args=["lab", ONE]), {"assignment": assignment_id}, headers={"HX-Request": "true"}
    ).content.decode()
    assert "<html" not in record
    assert ATTACK in html.unescape(record)
    assert "<script>" not in record
    assert "<img src=x" not in record
    too_long = client.post(
        reverse("worker_write", args=["lab", ONE]),
        {"action": "note", "text": "n" * 2001, "assignment": assignment_id},
        headers={"HX-Request": "true"},
    )
    assert too_long.status_code == 422
    assert "n" * 2001 in too_long.content.decode(), "what was typed is not lost"
    assert WorkerNote.objects.count() == Worker.objects.get(worker_id=ONE).note_count == 1
    assert AuditEvent.objects.filter(kind="worker.noted", subject=ONE).exists()
    page = client.get(reverse("worker", args=["lab", ONE])).content.decode()
    assert "onerror" in page
    assert "<img src=x" not in page
    # Who asks for a qualification, or is to be compensated, need never have worked here.
    assert "Nobody of this id has handed in" in client.get(reverse("worker", args=["lab", "ANOBODYEVER001"])).text
    for stranger in ("lowercase", "<script>{{7*7}}"):
        assert client.get(reverse("worker", args=["lab", stranger])).status_code == 404
        assert write(client, stranger, action="note", text="x").status_code == 404


def test_two_who_soft_block_the_same_worker_at_once_make_one_block(lab: Lab) -> None:
    def blocked(*workers: str) -> list[str]:
        rows = soft_block(account=lab.account, worker_ids=workers, by=lab.people["reviewer"], reason="Same box.")
        return [row.worker_id for row in rows]

    with meanwhile(lambda: blocked(ONE), table="workers_softblock"):
        assert blocked(ONE, TWO) == [TWO]
    assert sorted(SoftBlock.objects.values_list("worker_id", flat=True)) == [ONE, TWO]
    assert AuditEvent.objects.filter(kind="worker.soft_blocked", subject=ONE).count() == 1


def test_a_soft_block_marks_later_answers_until_it_is_lifted(lab: Lab) -> None:
    first, second = worked(lab, ONE, hits=2)
    client, here = client_of(lab), Assignment.objects.get(assignment_id=first)
    write(client, ONE, action="soft_block", extent=f"batch:{here.batch_id}", reason="Same box everywhere.")
    write(client, ONE, action="soft_block", extent=f"batch:{here.batch_id}", reason="Once more.")
    block = SoftBlock.objects.get()
    assert (block.batch_id, block.reason) == (here.batch_id, "Same box everywhere.")

    def record(assignment_id: str) -> str:
        url = reverse("worker_record", args=["lab", ONE])
        return client.get(url, {"assignment": assignment_id}).content.decode()

    assert "We wanted no more of this worker" in record(first)
    assert "We wanted no more of this worker" not in record(second)
    assert "not here" in record(second), "it is named all the same"
    elsewhere = Assignment.objects.get(assignment_id=second)
    assert not SoftBlock.objects.concerning(elsewhere).exists()
    write(client, ONE, action="lift", block=str(block.pk))
    assert not Worker.objects.get(worker_id=ONE).soft_blocked
    assert "We wanted no more" not in record(first)

    proposals.carry_out(
        "soft_block", account=lab.account, assignment_id=second, worker_id=ONE, by=lab.people["approver"],
        reason="Too fast.", amount=0,
    )  # fmt: skip
    assert SoftBlock.objects.standing().get().batch_id == elsewhere.batch_id
    assert Worker.objects.get(worker_id=ONE).soft_blocked
    assert not lab.mturk.list_worker_blocks()["WorkerBlocks"], "MTurk hears nothing of it"


def test_a_timeline_is_read_page_by_page_without_gap_or_repeat(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    worked(lab, ONE, hits=3)
    client = client_of(lab)
    for number in range(3):
        write(client, ONE, action="note", text=f"note {number}")
        write(client, ONE, action="tag", tag=f"tag {number}")
    # All at one moment: only order and key tell them apart.
    moment = WorkerNote.objects.first().made_at
    WorkerNote.objects.update(made_at=moment)
    WorkerTag.objects.update(made_at=moment)
    Assignment.objects.update(submitted_at=moment)
    monkeypatch.setattr("workers.views.timeline.PAGE", 2)
    url, seen = reverse("worker", args=["lab", ONE]), []
    query = ""
    while True:
        page = client.get(url + query, headers={"HX-Request": "true"}).content.decode()
        seen += re.findall(r"note \d|tag \d|review/\w+", page)
        following = re.search(r'href="(\?[^"]*after=[^"]*)"', page)
        if following is None:
            break
        query = following[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 9
    only = client.get(url, {"show": "notes", "after": "nonsense"}).content.decode()
    assert "note 2" in only
    assert "Handed in" not in only


@pytest.mark.parametrize("name", ["workers", "worker", "worker_record", "worker_similar", "blocks", "messages"])
def test_pages_cost_the_same_for_one_and_for_three(lab: Lab, name: str) -> None:
    client = client_of(lab, "manager")
    args = ["lab"] if name in ("workers", "blocks", "messages") else ["lab", ONE]

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(name, args=args)).status_code == 200
        return len(queries)

    def more(*people: str) -> None:
        worked(lab, *people)
        for worker in people:
            write(client, worker, action="tag", tag=f"tag {worker.lower()}")
            write(client, worker, action="note", text="note")
            write(client, worker, action="soft_block", reason="reason")

    more(ONE)
    one = cost()
    more(ONE, TWO, "ATHREEWORKER01")
    assert cost() == one
    assert one <= 26


def test_workers_whose_ids_are_none_of_mturks_have_pages_and_are_refused_by_name(lab: Lab) -> None:
    """An endpoint may call its workers anything."""
    strange = dict(zip(worked(lab, ONE, TWO, "ATHREE"), ("A/B", "blocks", "../x?y#z%2F a+b&c=é"), strict=True))
    for answered, name in strange.items():
        before = Assignment.objects.get(assignment_id=answered).worker_id
        Assignment.objects.filter(worker_id=before).update(worker_id=name)
        Worker.objects.filter(worker_id=before).update(worker_id=name)
        WorkerBlock.objects.create(account=lab.account, worker_id=name, blocked_at="2026-01-01T00:00Z")
    client = client_of(lab)
    table, blocks = (client.get(reverse(name, args=["lab"])).text for name in ("workers", "blocks"))
    for answered, name in strange.items():
        page_url = reverse("worker", args=["lab", name])
        assert f'href="{page_url}"' in table
        assert f'href="{page_url}"' in blocks
        for page in ("worker", "worker_record", "worker_similar"):
            shown_ = client.get(reverse(page, args=["lab", name]))
            assert (shown_.status_code, html.escape(name) in shown_.text) == (200, True), page
        assert client.get(reverse("assignment", args=["lab", answered])).status_code == 200
        refused = client.post(reverse("worker_write", args=["lab", name]), {"action": "note", "text": "x"}, follow=True)
        assert "is no worker id" in refused.text
    assert client.get(f"{reverse('workers', args=['lab'])}~zz/").status_code == 404
    assert not WorkerNote.objects.exists()


def test_ids_are_found_by_their_beginning_in_every_order_a_database_sorts_by(lab: Lab) -> None:
    client, names = client_of(lab), ["A1", "A19", "A1Z", "A1ZZ9", "A2", "AZ", "AZ9", "AZZ", "B", "A1~x"]
    Worker.objects.bulk_create([Worker(account=lab.account, worker_id=name) for name in names])
    for beginning in ("A1", "A1Z", "AZ", "AZZ", "A9", "B", "A1~"):
        found = set(Worker.objects.filter(begins("worker_id", beginning)).values_list("worker_id", flat=True))
        assert found - {"A1~x"} == {name for name in names if name.startswith(beginning)} - {"A1~x"}, beginning
        # No bound may lie beyond letters and digits: where it sorts is another place in each language.
        assert "~" not in str(begins("worker_id", "A1"))
    assert shown(client, q="az9") == ["AZ9"]
