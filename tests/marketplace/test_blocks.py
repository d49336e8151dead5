"""Blocked workers: who cannot accept a requester's HITs any more, and for how long."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from marketplace import clock
from marketplace.errors import RequestError
from marketplace.models import Requester, Worker, WorkerBlock
from marketplace.operations import OPERATIONS, blocks
from tests.marketplace.making import assert_ends, do, invalid, new_hit, refused
from tests.servers import ControlRefused


@pytest.fixture
def worker(mturk, control):
    """Somebody who has worked for the requester once."""
    worker_id = f"ABLOCK{uuid.uuid4().hex[:8].upper()}"
    do(control, new_hit(mturk), worker_id)
    return worker_id


def refusal(call, *arguments):
    with pytest.raises(ControlRefused) as caught:
        call(*arguments)
    return caught.value.code


def test_a_blocked_worker_accepts_nothing_of_this_requester_until_unblocked(mturk, marketplace, control, worker):
    hit = new_hit(mturk)
    accept = {"HITId": hit["HITId"], "WorkerId": worker}
    mturk.create_worker_block(WorkerId=worker, Reason="clicks at random")
    assert refusal(control.post, "accept", accept) == "blocked"
    assert mturk.get_hit(HITId=hit["HITId"])["HIT"]["NumberOfAssignmentsAvailable"] == 1
    assert do(control, new_hit(marketplace.client(f"AKIA{uuid.uuid4().hex[:16].upper()}")), worker)
    mturk.delete_worker_block(WorkerId=worker, Reason="did better elsewhere")
    assert control.post("accept", accept)["AssignmentId"]


def test_work_already_accepted_can_still_be_handed_in_by_a_blocked_worker(mturk, control, worker):
    hit = new_hit(mturk)
    accepted = control.post("accept", {"HITId": hit["HITId"], "WorkerId": worker})["AssignmentId"]
    mturk.create_worker_block(WorkerId=worker, Reason="r")
    control.post("submit", {"AssignmentId": accepted, "Fields": {"x": "1"}})
    assert mturk.list_assignments_for_hit(HITId=hit["HITId"])["NumResults"] == 1


def test_blocks_are_listed_with_their_reasons_in_pages(mturk, control):
    hit = new_hit(mturk, MaxAssignments=3)
    workers = [f"ALIST{number}{uuid.uuid4().hex[:6].upper()}" for number in range(3)]
    for number, worker_id in enumerate(workers):
        do(control, hit, worker_id)
        mturk.create_worker_block(WorkerId=worker_id, Reason=f"reason {number} <é>")
    first = mturk.list_worker_blocks(MaxResults=2)
    assert first["NumResults"] == 2
    second = mturk.list_worker_blocks(MaxResults=2, NextToken=first["NextToken"])
    assert first["WorkerBlocks"] + second["WorkerBlocks"] == [
        {"WorkerId": worker_id, "Reason": f"reason {number} <é>"} for number, worker_id in enumerate(workers)
    ]
    assert_ends(second, mturk.list_worker_blocks, MaxResults=2)


def test_blocking_again_keeps_one_block_with_the_new_reason(mturk, worker):
    mturk.create_worker_block(WorkerId=worker, Reason="first")
    mturk.create_worker_block(WorkerId=worker, Reason="second")
    assert mturk.list_worker_blocks()["WorkerBlocks"] == [{"WorkerId": worker, "Reason": "second"}]


def test_two_blocks_of_a_worker_at_once_make_one(marketplace, mturk, access_key, worker):
    clients = [marketplace.client(access_key) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda client: client.create_worker_block(WorkerId=worker, Reason="r"), clients))
    assert mturk.list_worker_blocks()["NumResults"] == 1


def test_an_unknown_worker_is_an_error(mturk):
    with invalid('^The value "ANEVERSEENHERE" is not valid for the parameter WorkerId\\. \\(\\d{13}\\)$'):
        mturk.create_worker_block(WorkerId="ANEVERSEENHERE", Reason="r")
    with invalid("^WorkerId is invalid\\."):
        mturk.delete_worker_block(WorkerId="ANEVERSEENHERE")
    assert mturk.list_worker_blocks()["NumResults"] == 0


def test_unblocking_who_is_not_blocked_is_no_error(mturk, worker):
    assert mturk.delete_worker_block(WorkerId=worker)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_reasons(mturk, wire, worker):
    assert wire.call("CreateWorkerBlock", {"WorkerId": worker}).json["__type"] == "ValidationException"
    with invalid("Reason has a maximum length of 4096"):
        mturk.create_worker_block(WorkerId=worker, Reason="r" * 4097)
    with invalid(r"Reason contains the character U\+0007"):
        mturk.create_worker_block(WorkerId=worker, Reason="bell \x07")
    mturk.create_worker_block(WorkerId=worker, Reason="")
    assert mturk.list_worker_blocks()["WorkerBlocks"] == [{"WorkerId": worker, "Reason": ""}]


def test_blocks_are_their_requesters_alone(mturk, marketplace, worker):
    mturk.create_worker_block(WorkerId=worker, Reason="r")
    stranger = marketplace.client(f"AKIA{uuid.uuid4().hex[:16].upper()}")
    stranger.delete_worker_block(WorkerId=worker)
    assert stranger.list_worker_blocks()["WorkerBlocks"] == []
    assert mturk.list_worker_blocks()["NumResults"] == 1


def test_an_uploaded_file_does_not_exist_any_more(mturk, control, marketplace):
    assignment = do(control, new_hit(mturk), "AUPLOADER")
    with refused("OperationNotAvailable", "FileUploadAnswer has not been supported since December 12, 2017"):
        mturk.get_file_upload_url(AssignmentId=assignment, QuestionIdentifier="photo")
    with refused("AssignmentDoesNotExist", f"^Assignment {assignment} does not exist"):
        marketplace.client("AKIASTRANGER").get_file_upload_url(AssignmentId=assignment, QuestionIdentifier="photo")


@pytest.mark.django_db
def test_there_is_a_most_of_blocked_workers(monkeypatch):
    assert blocks.MOST == 100_000
    monkeypatch.setattr(blocks, "MOST", 2)
    requester, create = Requester.for_key("AKIAMANYBLOCKS"), OPERATIONS["CreateWorkerBlock"]
    for number in range(3):
        Worker.objects.create(worker_id=f"AMANY{number}", created_at=clock.now())
    for number in range(2):
        create(requester, {"WorkerId": f"AMANY{number}", "Reason": "r"})
    with pytest.raises(RequestError, match="blocked 2 Workers already") as caught:
        create(requester, {"WorkerId": "AMANY2", "Reason": "r"})
    assert caught.value.code == "AWS.ParameterOutOfRange"
    create(requester, {"WorkerId": "AMANY1", "Reason": "only the reason changes"})
    assert WorkerBlock.objects.filter(requester=requester).count() == 2
