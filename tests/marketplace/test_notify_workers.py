"""NotifyWorkers: a message for those whose work was reviewed, and the names of the others."""

import uuid

import pytest

from marketplace import clock
from marketplace.models import Message, Requester
from marketplace.operations import OPERATIONS
from tests.marketplace.making import do, invalid, new_hit

SAID = {"Subject": "More work", "MessageText": "There is more."}
NOTHING_DONE = "Cannot send a notification to a worker who has not done any work for you"


def failure(worker_id):
    return {
        "NotifyWorkersFailureCode": "HardFailure",
        "NotifyWorkersFailureMessage": NOTHING_DONE,
        "WorkerId": worker_id,
    }


def told(client, *worker_ids):
    return client.notify_workers(**SAID, WorkerIds=list(worker_ids))["NotifyWorkersFailureStatuses"]


def test_only_those_whose_work_was_reviewed_are_told_and_the_others_named(mturk, control):
    hit = new_hit(mturk, MaxAssignments=3)
    approved, rejected, waiting = (f"A{name}{uuid.uuid4().hex[:6].upper()}" for name in ("YES", "NO", "WAIT"))
    mturk.approve_assignment(AssignmentId=do(control, hit, approved))
    mturk.reject_assignment(AssignmentId=do(control, hit, rejected), RequesterFeedback="no")
    do(control, hit, waiting)
    assert told(mturk, approved, rejected) == []
    assert told(mturk, "ANOBODYATALL", approved, waiting) == [failure("ANOBODYATALL"), failure(waiting)]


def test_work_for_another_requester_does_not_count(mturk, marketplace, control):
    worker = f"AELSEWHERE{uuid.uuid4().hex[:6].upper()}"
    mturk.approve_assignment(AssignmentId=do(control, new_hit(mturk), worker))
    assert told(marketplace.client("AKIASTRANGER"), worker) == [failure(worker)]


def test_limits(mturk, wire):
    def send(**changes):
        mturk.notify_workers(**{**SAID, "WorkerIds": ["A1"], **changes})

    send(Subject="s" * 200, MessageText="t" * 4096, WorkerIds=[f"A{number}" for number in range(100)])
    with invalid("There are 101 WorkerIds; a message can be sent to 1 to 100 Workers at a time"):
        send(WorkerIds=[f"A{number}" for number in range(101)])
    with invalid("There are 0 WorkerIds"):
        send(WorkerIds=[])
    with invalid("Subject has a maximum length of 200"):
        send(Subject="s" * 201)
    with invalid("MessageText has a maximum length of 4096"):
        send(MessageText="t" * 4097)
    with invalid("Subject has a minimum length of 1"):
        send(Subject="")
    with invalid(r"MessageText contains the character U\+0001"):
        send(MessageText="a\x01")
    reply = wire.call("NotifyWorkers", {**SAID, "WorkerIds": ["A1,A2"]})
    assert reply.json["__type"] == "ValidationException"


@pytest.mark.django_db
def test_the_message_is_kept_once_for_each_worker():
    from marketplace import work
    from tests.marketplace.making import HTML, KIND

    requester = Requester.for_key("AKIANOTIFIER")
    hit = OPERATIONS["CreateHIT"](requester, {**KIND, "LifetimeInSeconds": 3600, "Question": HTML})["HIT"]
    assignment = work.submit(work.accept(hit["HITId"], "ATOLD").assignment_id, fields={"x": "1"})
    OPERATIONS["ApproveAssignment"](requester, {"AssignmentId": assignment.assignment_id})
    answer = OPERATIONS["NotifyWorkers"](requester, {**SAID, "WorkerIds": ["ATOLD", "ATOLD", "AUNKNOWN"]})
    assert answer == {"NotifyWorkersFailureStatuses": [failure("AUNKNOWN")]}
    (message,) = Message.objects.filter(requester=requester)
    assert (message.worker.worker_id, message.subject, message.text) == ("ATOLD", "More work", "There is more.")
    assert (clock.now() - message.sent_at).total_seconds() < 60
    assert message.read_at is None
