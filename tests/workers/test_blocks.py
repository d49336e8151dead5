"""Blocks at MTurk: asked for with a reason, released where policy says so, listed, lifted; and files of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from dashboard import commands, jobs, statistics
from dashboard.models import Account, AuditEvent, Command, Job, State
from dashboard.permissions import Denied
from tests.cast import Lab, read_files
from tests.workers.test_people import ATTACK, ONE, TWO, client_of, worked
from workers import actions
from workers.models import SoftBlock, Worker, WorkerBlock

STRANGER = "ASTRANGER00001"
BLOCK = {"ids": ONE, "reason": "Sells answers.", "understood": "on"}


def remote(lab: Lab) -> dict[str, str]:
    return {block["WorkerId"]: block["Reason"] for block in lab.mturk.list_worker_blocks()["WorkerBlocks"]}


def deliver(lab: Lab) -> None:
    for job in Job.objects.filter(account=lab.account):
        jobs.work_on(job.pk)
    commands.deliver_due(lab.account.pk)


def new(lab: Lab, role: str = "approver", **post: str) -> Any:
    return client_of(lab, role).post(reverse("block_new", args=["lab"]), {**BLOCK, **post})


def test_a_block_says_what_it_does_and_is_undone(lab: Lab) -> None:
    worked(lab, ONE)
    page = client_of(lab).get(reverse("block_new", args=["lab"]), {"ids": ONE}).content.decode()
    assert "Amazon mails them a warning" in page
    assert "can lose their" in page
    for wrong, sentence in (
        ({"understood": ""}, "Read what it does, and tick the box."),
        ({"reason": " "}, "Say why: a block can cost a person their account"),
        ({"ids": ""}, "paste one worker id or several"),
        ({"ids": "nobody"}, "is no worker id"),
        ({"until": "2020-01-01"}, "That day has passed"),
    ):
        refused = new(lab, **wrong)
        assert refused.status_code == 422
        assert sentence in refused.content.decode(), wrong
    assert not Command.objects.exists()

    assert new(lab).status_code == 302
    deliver(lab)
    assert remote(lab) == {ONE: "Sells answers."}
    assert Worker.objects.get(worker_id=ONE).blocked
    with pytest.raises(Denied, match="blocked already"):
        actions.block(account=lab.account, worker_id=ONE, by=lab.people["approver"], reason="Again.")
    lab.sync(full=True)
    assert not AuditEvent.objects.filter(actor="elsewhere", kind__startswith="worker.").exists(), "it was ours"
    client_of(lab).post(reverse("block_act", args=["lab"]), {"action": "unblock", "worker": ONE})
    deliver(lab)
    assert remote(lab) == {}
    assert WorkerBlock.objects.get().status == "Unblocked"
    assert not Worker.objects.get(worker_id=ONE).blocked
    lab.sync()
    assert not WorkerBlock.objects.filter(stale=True).exists(), "the pass after a change reads the list again"


def test_a_second_person_releases_a_block_where_that_is_the_policy(lab: Lab) -> None:
    worked(lab, ONE)
    new(lab, "reviewer")
    assert Command.objects.get().state == State.PROPOSED, "a reviewer's always"
    commands.decline(Command.objects.get(), by=lab.people["approver"])
    Account.objects.update(release_blocks=True)
    new(lab, "manager", ids=f"{ONE} {STRANGER}")
    job = Job.objects.get()
    jobs.work_on(job.pk)
    commands.deliver_due(lab.account.pk)
    assert remote(lab) == {}
    with pytest.raises(Denied, match="yourself"):
        jobs.release(job, by=lab.people["manager"])
    # The marketplace knows nobody of the second id: that one fails alone, with a sentence.
    jobs.release(job, by=lab.people["approver"])
    commands.deliver_due(lab.account.pk)
    assert remote(lab) == {ONE: "Sells answers."}
    assert "not valid" in Command.objects.get(worker_id=STRANGER, state=State.FAILED).error_message
    assert not Worker.objects.get(worker_id=STRANGER).blocked


def test_a_lost_answer_is_looked_up_in_the_list(lab: Lab, faults: Any) -> None:
    worked(lab, ONE)
    faults("CreateWorkerBlock", "drop_after")
    new(lab)
    deliver(lab)
    assert Command.objects.get().state == State.UNKNOWN
    Command.objects.update(not_before=timezone.now())
    commands.resolve_unknown(lab.account.pk)
    assert Command.objects.get().state == State.DONE
    assert Worker.objects.get(worker_id=ONE).blocked


def test_what_others_blocked_and_lifted_is_read_in_the_full_pass(lab: Lab) -> None:
    worked(lab, ONE, TWO)
    lab.mturk.create_worker_block(WorkerId=ONE, Reason=ATTACK)
    lab.sync()
    assert not WorkerBlock.objects.exists(), "no count reveals it"
    lab.sync(full=True)
    assert Worker.objects.get(worker_id=ONE).blocked
    page = client_of(lab).get(reverse("blocks", args=["lab"])).content.decode()
    assert "another program" in page
    assert "<script>alert(1)" not in page
    lab.mturk.delete_worker_block(WorkerId=ONE)
    lab.sync(full=True)
    assert not Worker.objects.get(worker_id=ONE).blocked
    said = AuditEvent.objects.filter(actor="elsewhere", subject=ONE).order_by("number").values_list("kind", flat=True)
    assert list(said) == ["worker.blocked", "worker.unblocked"]


def test_a_block_with_a_day_is_proposed_to_be_lifted_and_never_lifts_itself(lab: Lab) -> None:
    worked(lab, ONE)
    day = (timezone.localdate() + timedelta(days=3)).isoformat()
    new(lab, until=day)
    deliver(lab)
    block = WorkerBlock.objects.get()
    assert block.stands
    assert str(timezone.localtime(block.until).date()) == day
    assert actions.propose_due() == 0
    WorkerBlock.objects.update(until=timezone.now() - timedelta(minutes=1))
    assert statistics.needs(lab.account)["blocks"] == 1
    assert [actions.propose_due(), actions.propose_due()] == [1, 0]
    proposal = Command.objects.get(kind="DeleteWorkerBlock")
    deliver(lab)
    assert proposal.state == State.PROPOSED
    assert remote(lab) == {ONE: "Sells answers."}
    page = client_of(lab).get(reverse("blocks", args=["lab"]), {"kind": "due"}).content.decode()
    assert ONE in page
    commands.release(proposal, by=lab.people["manager"])
    deliver(lab)
    assert remote(lab) == {}
    soft = actions.soft_block(account=lab.account, worker_ids=[ONE], by=lab.people["reviewer"], reason="x")[0]
    SoftBlock.objects.filter(pk=soft.pk).update(until=timezone.now())
    assert statistics.needs(lab.account)["blocks"] == 1


def test_a_file_of_blocks_is_a_worker_file_and_nobody_is_blocked_before_somebody_read_what_it_does(lab: Lab) -> None:
    worked(lab, ONE, TWO)
    actions.block(account=lab.account, worker_id=TWO, by=lab.people["approver"], reason="=HYPERLINK(1)")
    deliver(lab)
    client, url = client_of(lab, "approver"), reverse("scores_upload", args=["lab"])
    assert url in client.get(reverse("blocks", args=["lab"])).content.decode()

    def send(text: str) -> Any:
        answer = client.post(url, {"file": SimpleUploadedFile("blocks.csv", text.encode())})
        read_files()
        return answer

    download = b"".join(client.get(reverse("blocks_csv", args=["lab"])).streaming_content).decode()
    assert f"{TWO},Blocked,,'=HYPERLINK(1)" in download
    assert "no column “Worker ID”" in send("Name,Reason\r\nx,y\r\n").content.decode()
    text = download.replace(",Blocked,,'=HYPERLINK(1)", ",Blocked,Unblock,") + (
        f"{ONE.lower()},,Block,'=Copies\r\nnobody,,Block,x\r\n{ONE},,Unblock,\r\nASACKED0000001,,Sack,x\r\n"
        f"{STRANGER},,Block,\r\nAODD,,Block,a\bb\r\nAQUIET,,,\r\n"
    )
    here = send(text).url
    page = client.get(here).content.decode()
    for sentence in (
        "“NOBODY” is no worker id",
        "neither Block nor Unblock",
        "A block needs a reason",
        "contains control characters",
        "can lose their account",
    ):
        assert sentence in page, sentence
    begin = f"{here}begin/"
    assert "Read what a block does" in client.post(begin, follow=True).content.decode()
    assert not Job.objects.exists(), "neither a look nor a press without the tick changes anything"
    client.post(begin, {"understood": "on"})
    deliver(lab)
    assert remote(lab) == {ONE: "=Copies"}
    assert "What was not done" in client.get(here).content.decode()
    assert "Nothing of it can be done" in client.get(send(text).url).content.decode(), "a file can be sent again"
