"""Messages: the same words in one call, filled in for each, an outcome for each, and nobody gets one twice."""

import uuid
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from dashboard import commands, jobs
from dashboard.models import Command, Job, State
from dashboard.permissions import Denied
from tests.cast import Lab, meanwhile
from tests.workers.test_figures import digest
from tests.workers.test_people import ATTACK, ONE, TWO, client_of, worked
from workers.actions.messages import send_message
from workers.models import Message, MessageRecipient, Worker
from workers.views import messages as message_views

UNDECIDED, STRANGER = "AUNDECIDED0001", "ASTRANGER00001"


def decided(lab: Lab, *workers: str) -> None:
    """Workers whose work was approved here, so that MTurk writes to them."""
    for assignment_id in worked(lab, *workers):
        lab.mturk.approve_assignment(AssignmentId=assignment_id)
    lab.sync()
    digest(lab)


def send(lab: Lab, *workers: str, subject: str = "News", words: str = "Hello.", **more: Any) -> Message:
    return send_message(
        account=lab.account, by=lab.people["reviewer"], selection={"ids": list(workers)}, subject=subject,
        words=words, **more,
    )  # fmt: skip


def deliver(lab: Lab, message: Message) -> None:
    jobs.work_on(message.job_id)
    commands.deliver_due(lab.account.pk)


def letters(lab: Lab) -> int:
    """How many letters the marketplace delivered for this requester."""
    return sum(len(command.params["WorkerIds"]) for command in Command.objects.filter(state=State.DONE))


def outcomes(message: Message) -> dict[str, str]:
    return dict(message.recipients.values_list("worker_id", "outcome"))


def test_equal_words_share_a_call_and_others_are_filled_in(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    decided(lab, ONE, TWO, "ATHREEWORKER01")
    monkeypatch.setattr("workers.jobs.messages.MOST_AT_ONCE", 2)
    same = send(lab, ONE, TWO, "ATHREEWORKER01")
    deliver(lab, same)
    calls = Command.objects.filter(job=same.job)
    assert sorted(len(call.params["WorkerIds"]) for call in calls) == [1, 2], "split where a call is full"
    assert set(outcomes(same).values()) == {"sent"}
    same.job.refresh_from_db()
    assert (same.job.title, same.job.total) == ("Send a message to 3", 2)

    Worker.objects.filter(worker_id=TWO).update(approved=7)
    each = send(
        lab, ONE, TWO, words="You, {worker_id}, had {approved} approved by {account}. {not}a".replace("{not}", "")
    )
    deliver(lab, each)
    said = {
        tuple(call.params["WorkerIds"]): call.params["MessageText"] for call in Command.objects.filter(job=each.job)
    }
    assert said == {
        (ONE,): f"You, {ONE}, had 1 approved by Lab. a",
        (TWO,): f"You, {TWO}, had 7 approved by Lab. a",
    }


def test_who_cannot_be_written_to_is_predicted_and_named(lab: Lab) -> None:
    decided(lab, ONE)
    worked(lab, UNDECIDED)
    client, url = client_of(lab), reverse("message_new", args=["lab"])
    text = {
        "ids": f"{ONE} {UNDECIDED}, {STRANGER}\nnobody {ONE.lower()}",
        "subject": "News",
        "text": f"Hi {ATTACK} {{worker_id}}",
    }
    page = client.post(url, {**text, "action": "preview"}, headers={"HX-Request": "true"}).content.decode()
    for sentence in (
        "1</span> Nothing of theirs was approved or rejected here",
        f"{STRANGER} never worked here",
        "“nobody” is no worker id",
        f"{ONE} stands there twice",
    ):
        assert sentence in page, sentence
    assert "<script>alert(1)" not in page
    assert "{{7*7}}" in page, "nothing is computed"
    assert not Message.objects.exists(), "a look sends nothing"

    # Our history may be wrong: what MTurk then says is kept for each worker, and the others get theirs.
    Worker.objects.filter(worker_id=UNDECIDED).update(decided=1)
    message = send(lab, ONE, UNDECIDED)
    deliver(lab, message)
    assert outcomes(message) == {ONE: "sent", UNDECIDED: "hard"}
    row = MessageRecipient.objects.get(outcome="hard")
    assert "has not done any work" in row.why
    shown = client.get(reverse("message", args=["lab", message.pk])).content.decode()
    assert "Cannot be sent" in shown
    assert "has not done any work" in shown
    lines = b"".join(client.get(reverse("message_outcome", args=["lab", message.pk])).streaming_content).decode()
    assert f"{UNDECIDED},cannot be sent,Cannot send" in lines


@pytest.mark.parametrize("mode", ["drop_after", "error"])
def test_a_message_without_an_answer_is_never_sent_again_by_itself(lab: Lab, faults: Any, mode: str) -> None:
    decided(lab, ONE)
    faults("NotifyWorkers", mode)
    before = lab.server.control("calls", method="GET").get("NotifyWorkers", 0)
    message = send(lab, ONE)
    deliver(lab, message)
    for _ in range(3):
        Command.objects.filter(job=message.job).update(not_before=timezone.now())
        commands.sweep()
        commands.resolve_unknown(lab.account.pk)
        commands.deliver_due(lab.account.pk)
        jobs.sweep()
    call = Command.objects.get(job=message.job)
    assert call.state == State.ATTENTION
    assert lab.server.control("calls", method="GET")["NotifyWorkers"] - before == 1
    with pytest.raises(Denied, match="Nothing in this selection"):
        send(lab, ONE)
    commands.retry(call, by=lab.people["approver"])
    commands.resolve_unknown(lab.account.pk)
    commands.deliver_due(lab.account.pk)
    call.refresh_from_db()
    assert call.state == State.ATTENTION, "asking again tells nothing, and sends nothing"
    assert lab.server.control("calls", method="GET")["NotifyWorkers"] - before == 1
    commands.decide(call, by=lab.people["approver"], happened=False, reason="She got none.")
    assert outcomes(message) == {ONE: "refused"}
    page = client_of(lab).get(reverse("message_new", args=["lab"]), {"unreached": message.pk}).content.decode()
    assert ONE in page, "a person can write anew to whom it did not reach"


def test_the_same_words_go_to_nobody_twice(lab: Lab) -> None:
    decided(lab, ONE, TWO)
    key = uuid.uuid4()
    first = send(lab, ONE, form_key=key)
    assert send(lab, ONE, form_key=key) == first, "a double click"
    with pytest.raises(Denied, match="other words"):
        send(lab, ONE, words="Others.", form_key=key)
    at_once: list[Message] = []
    key = uuid.uuid4()
    with meanwhile(lambda: at_once.append(send(lab, ONE, form_key=key)), table="dashboard_job", looks=2):
        again = send(lab, ONE, form_key=key)
    assert [again] == at_once, "two clicks in the same moment"
    assert Message.objects.count() == Job.objects.count() == 2
    jobs.cancel(again.job, by=lab.people["approver"])
    deliver(lab, first)
    second = send(lab, ONE, TWO)
    deliver(lab, second)
    assert outcomes(second) == {TWO: "sent"}
    assert list(second.job.skipped_why.values()) == [1]
    cancelled = send(lab, ONE, subject="Other")
    jobs.prepare(cancelled.job_id)
    jobs.cancel(cancelled.job, by=lab.people["approver"])
    jobs.work_on(cancelled.job_id)
    assert outcomes(cancelled) == {ONE: "refused"}


def test_a_dry_run_looks_at_so_many_workers_and_says_so_and_sending_at_all(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(lab, ONE, TWO)
    worked(lab, UNDECIDED)
    client, url = client_of(lab), reverse("message_new", args=["lab"])
    text = {"filter": "yes", "subject": "News", "text": "Hello, {worker_id}."}
    deliver(lab, send(lab, ONE, subject="News", words=text["text"]))

    def look() -> str:
        page = client.post(url, {**text, "action": "preview"}, headers={"HX-Request": "true"})
        return " ".join(page.content.decode().split())

    whole = look()
    assert "Send to 1 worker" in whole
    assert "1</span> They were sent these very words before" in whole
    assert "1</span> Nothing of theirs was approved" in whole
    monkeypatch.setattr(message_views, "LOOKED_AT", 1)
    page = look()
    assert "These figures are of the first" in page
    assert "Send to all that match" in page
    assert "Nothing of theirs" not in page, "beyond the first nobody was looked at"
    job = Message.objects.get(pk=client.post(url, {**text, "action": "send"}).url.rstrip("/").rpartition("/")[2]).job
    assert (job.expected, sum(job.skipped_why.values())) == (1, 2), "what is sent is weighed whole"


def test_words_that_cannot_be_sent_are_refused_and_kept(lab: Lab) -> None:
    decided(lab, ONE)
    client, url = client_of(lab), reverse("message_new", args=["lab"])
    right = {"ids": ONE, "subject": "News", "text": "Hello.", "action": "send"}
    for wrong, sentence in (
        ({"subject": ""}, "Write the subject first."),
        ({"text": " \n"}, "Write the text first."),
        ({"subject": "s" * 201}, "The subject has 201 characters; MTurk takes 200."),
        ({"text": "t" * 4097}, "The text has 4,097 characters; MTurk takes 4,096."),
        ({"text": "Hello {name}"}, "Nothing can be filled in for {name}"),
        ({"text": "a\x07b"}, "control characters"),
        ({"ids": ""}, "Say to whom"),
    ):
        page = client.post(url, {**right, **wrong})
        assert page.status_code == 422, wrong
        body = page.content.decode()
        assert sentence in body, wrong
        assert all(value in body for value in wrong.values() if value.isprintable()), "nothing typed is lost"
    assert client_of(lab, "viewer").post(url, right).status_code == 422
    assert not Job.objects.exists()
    # A new line is one character, whatever the browser makes of it.
    fits = send(lab, ONE, words="\r\n".join(["x" * 2047, "y" * 2048]))
    assert len(fits.text) == 4096
    long_names = send(lab, ONE, subject="s" * 195 + "{worker_id}")
    jobs.prepare(long_names.job_id)
    long_names.job.refresh_from_db()
    assert long_names.job.total == 0
    assert "The subject has 209 characters" in str(long_names.job.skipped_why)
