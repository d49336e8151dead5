"""One row for each operation of the API: it does its work for its owner, and nothing for anybody else.

What they have in common is tried for each of them from the service model: members that are required, limits of lists,
tokens from elsewhere, and the form of what is answered. The rules of each operation have tests of their own.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
from botocore.validate import ParamValidator

from marketplace.operations import OPERATIONS as FUNCTIONS
from marketplace.service import OPERATIONS, model
from tests.marketplace.conftest import Control, Reply, Wire
from tests.marketplace.making import HTML, KIND
from tests.servers import ROOT

NOBODYS = "3NOBODYHASEVERSEENTHISIDENTITY"
QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/hits"
LISTS = {
    "ListAssignmentsForHIT": "Assignments",
    "ListBonusPayments": "BonusPayments",
    "ListHITs": "HITs",
    "ListHITsForQualificationType": "HITs",
    "ListQualificationRequests": "QualificationRequests",
    "ListQualificationTypes": "QualificationTypes",
    "ListReviewableHITs": "HITs",
    "ListWorkerBlocks": "WorkerBlocks",
    "ListWorkersWithQualificationType": "Qualifications",
}


class World:
    """A requester with one of everything, each made when it is first asked for."""

    def __init__(self, url: str, control: Control) -> None:
        self.control = control
        self.key = f"AKIA{uuid.uuid4().hex[:16].upper()}"
        self.wire = Wire(url, self.key)
        self.worker = f"A{uuid.uuid4().hex[:12].upper()}"

    def call(self, operation: str, body: dict[str, Any] | None = None) -> Any:
        reply = self.wire.call(operation, body or {})
        assert reply.status == 200, reply.body
        return reply.json

    @cached_property
    def hit(self) -> dict[str, Any]:
        return self.call("CreateHIT", self.new_hit)["HIT"]

    @property
    def new_hit(self) -> dict[str, Any]:
        return {**KIND, "LifetimeInSeconds": 3600, "MaxAssignments": 1, "Question": HTML}

    @cached_property
    def other_hit_type(self) -> str:
        return self.call("CreateHITType", {**KIND, "Title": "Another"})["HITTypeId"]

    @cached_property
    def assignment(self) -> str:
        given = {"HITId": self.hit["HITId"], "WorkerId": self.worker, "Fields": {"x": "1"}}
        return self.control.post("assignments", given)["AssignmentId"]

    @cached_property
    def done_hit(self) -> str:
        """A HIT whose work is handed in."""
        assert self.assignment
        return self.hit["HITId"]

    @cached_property
    def reviewed_hit(self) -> str:
        """A HIT whose work was approved, with a bonus."""
        self.call("ApproveAssignment", {"AssignmentId": self.assignment})
        self.call("SendBonus", self.bonus)
        return self.hit["HITId"]

    @property
    def bonus(self) -> dict[str, Any]:
        return {"WorkerId": self.worker, "AssignmentId": self.assignment, "BonusAmount": "1.00", "Reason": "good"}

    @cached_property
    def known_worker(self) -> str:
        assert self.assignment  # the control paths make a worker who is new
        return self.worker

    @cached_property
    def qualification_type(self) -> str:
        wanted = {"Name": "Careful", "Description": "Reads first", "QualificationTypeStatus": "Active"}
        return self.call("CreateQualificationType", wanted)["QualificationType"]["QualificationTypeId"]

    @cached_property
    def qualification_request(self) -> str:
        # Of a worker of its own: one who has the qualification, as another test may need, cannot ask for it.
        given = {"QualificationTypeId": self.qualification_type, "WorkerId": f"A{uuid.uuid4().hex[:12].upper()}"}
        return self.control.post("qualification-requests", given)["QualificationRequestId"]

    @property
    def requirements(self) -> list[dict[str, Any]]:
        return [{"QualificationTypeId": self.qualification_type, "Comparator": "Exists"}]

    @cached_property
    def restricted_hit(self) -> str:
        return self.call("CreateHIT", {**self.new_hit, "QualificationRequirements": self.requirements})["HIT"]["HITId"]

    @cached_property
    def qualified(self) -> dict[str, Any]:
        """A worker's qualification: type and worker."""
        both = {"QualificationTypeId": self.qualification_type, "WorkerId": self.known_worker}
        self.call("AssociateQualificationWithWorker", both)
        return both

    @cached_property
    def blocked(self) -> str:
        self.call("CreateWorkerBlock", {"WorkerId": self.known_worker, "Reason": "spam"})
        return self.worker

    def with_(self, existing: object, **request: Any) -> dict[str, Any]:
        """A request that only makes sense where something exists already."""
        assert existing
        return request

    def everything(self) -> Any:
        """What this requester has, to see that nobody else changed it."""
        seen: dict[str, Any] = {
            name: self.wire.call(name, {"MustBeRequestable": False, "MustBeOwnedByCaller": True}).json
            for name in ("GetAccountBalance", "ListHITs", "ListQualificationTypes", "ListQualificationRequests")
        }
        seen["blocks"] = self.wire.call("ListWorkerBlocks", {}).json
        if "hit" in vars(self):
            seen["work"] = self.wire.call("ListAssignmentsForHIT", {"HITId": self.hit["HITId"]}).json
        if "qualification_type" in vars(self):
            one = {"QualificationTypeId": self.qualification_type}
            seen["qualified"] = self.wire.call("ListWorkersWithQualificationType", one).json
        seen["ledger"] = [row for row in self.control.get("ledger") if row["requester"] == self.key]
        return seen


@dataclass(frozen=True)
class Row:
    """`request` is what the owner asks. `for_others`: the TurkErrorCode without its prefix that the same request gets
    from another requester, or a function that looks at what that one is answered (the owner's world, the reply).
    """

    request: Callable[[World], dict[str, Any]]
    for_others: str | Callable[[World, Reply], None]
    refused: str = ""  # the code, where even the owner is refused


def empty(world: World, reply: Reply) -> None:
    assert reply.status == 200
    assert reply.json["NumResults"] == 0
    assert [value for value in reply.json.values() if isinstance(value, list)] == [[]]


def of_their_own(world: World, reply: Reply) -> None:
    """It worked, for the caller: what was made has other ids than what the owner has."""
    assert reply.status == 200
    ids = set(re.findall(r"\b3[A-Z0-9]{29}\b", reply.body.decode()))
    assert ids
    assert not ids & set(re.findall(r"\b3[A-Z0-9]{29}\b", str(world.everything())))


def full_balance(world: World, reply: Reply) -> None:
    assert reply.json == {"AvailableBalance": "10000.00", "OnHoldBalance": "0.00"}


def nobody_told(world: World, reply: Reply) -> None:
    assert [one["WorkerId"] for one in reply.json["NotifyWorkersFailureStatuses"]] == [world.worker]


def owner_not_concerned(world: World, reply: Reply) -> None:
    assert (reply.status, reply.json) == (200, {})


def nothing_listens(world: World, reply: Reply) -> None:
    assert (reply.status, reply.json["TurkErrorCode"]) == (400, f"AWS.MechanicalTurk.{UNDELIVERED}")


UNDELIVERED = "InvalidTransportEndpoint"  # no AWS here; test_notifications.py has one


def undelivered(world: World, reply: Reply) -> None:
    assert told(reply)[2] == "AWS.MechanicalTurk.InvalidTransportEndpoint"


HIT, ASSIGNMENT = "HITDoesNotExist", "AssignmentDoesNotExist"
TYPE, REQUEST = "QualificationTypeDoesNotExist", "QualificationRequestDoesNotExist"
NOT_VALID = "InvalidParameterValue"
ROWS: dict[str, Row] = {
    "AcceptQualificationRequest": Row(lambda w: {"QualificationRequestId": w.qualification_request}, REQUEST),
    "ApproveAssignment": Row(lambda w: {"AssignmentId": w.assignment}, ASSIGNMENT),
    "AssociateQualificationWithWorker": Row(
        lambda w: {"QualificationTypeId": w.qualification_type, "WorkerId": w.known_worker}, TYPE
    ),
    "CreateAdditionalAssignmentsForHIT": Row(
        lambda w: {"HITId": w.hit["HITId"], "NumberOfAdditionalAssignments": 2}, HIT
    ),
    "CreateHIT": Row(lambda w: {**w.new_hit, "QualificationRequirements": w.requirements}, TYPE),
    "CreateHITType": Row(lambda w: {**KIND, "QualificationRequirements": w.requirements}, TYPE),
    "CreateHITWithHITType": Row(
        lambda w: {"HITTypeId": w.hit["HITTypeId"], "LifetimeInSeconds": 60, "Question": HTML}, NOT_VALID
    ),
    "CreateQualificationType": Row(
        lambda w: {"Name": "New", "Description": "One", "QualificationTypeStatus": "Active"}, of_their_own
    ),
    "CreateWorkerBlock": Row(lambda w: {"WorkerId": w.known_worker, "Reason": "spam"}, owner_not_concerned),
    "DeleteHIT": Row(lambda w: {"HITId": w.reviewed_hit}, HIT),
    "DeleteQualificationType": Row(lambda w: {"QualificationTypeId": w.qualification_type}, TYPE),
    "DeleteWorkerBlock": Row(lambda w: {"WorkerId": w.blocked}, owner_not_concerned),
    "DisassociateQualificationFromWorker": Row(lambda w: w.qualified, TYPE),
    "GetAccountBalance": Row(lambda w: w.with_(w.hit), full_balance),
    "GetAssignment": Row(lambda w: {"AssignmentId": w.assignment}, ASSIGNMENT),
    "GetFileUploadURL": Row(
        lambda w: {"AssignmentId": w.assignment, "QuestionIdentifier": "x"}, ASSIGNMENT, refused="OperationNotAvailable"
    ),
    "GetHIT": Row(lambda w: {"HITId": w.hit["HITId"]}, HIT),
    "GetQualificationScore": Row(lambda w: w.qualified, TYPE),
    "GetQualificationType": Row(lambda w: {"QualificationTypeId": w.qualification_type}, TYPE),
    "ListAssignmentsForHIT": Row(lambda w: {"HITId": w.done_hit}, HIT),
    "ListBonusPayments": Row(lambda w: {"HITId": w.reviewed_hit}, HIT),
    "ListHITs": Row(lambda w: w.with_(w.hit), empty),
    "ListHITsForQualificationType": Row(
        lambda w: w.with_(w.restricted_hit, QualificationTypeId=w.qualification_type), TYPE
    ),
    "ListQualificationRequests": Row(
        lambda w: w.with_(w.qualification_request, QualificationTypeId=w.qualification_type), TYPE
    ),
    "ListQualificationTypes": Row(
        lambda w: w.with_(w.qualification_type, MustBeRequestable=True, MustBeOwnedByCaller=True), empty
    ),
    "ListReviewPolicyResultsForHIT": Row(lambda w: {"HITId": w.done_hit}, HIT),
    "ListReviewableHITs": Row(lambda w: w.with_(w.done_hit, HITTypeId=w.hit["HITTypeId"]), NOT_VALID),
    "ListWorkerBlocks": Row(lambda w: w.with_(w.blocked), empty),
    "ListWorkersWithQualificationType": Row(
        lambda w: {"QualificationTypeId": w.qualified["QualificationTypeId"]}, TYPE
    ),
    "NotifyWorkers": Row(
        lambda w: w.with_(w.reviewed_hit, Subject="Hello", MessageText="News", WorkerIds=[w.worker]), nobody_told
    ),
    "RejectAssignment": Row(lambda w: {"AssignmentId": w.assignment, "RequesterFeedback": "no"}, ASSIGNMENT),
    "RejectQualificationRequest": Row(lambda w: {"QualificationRequestId": w.qualification_request}, REQUEST),
    "SendBonus": Row(lambda w: w.bonus, ASSIGNMENT),
    "SendTestEventNotification": Row(
        lambda w: {"Notification": notification(), "TestEventType": "Ping"}, nothing_listens, UNDELIVERED
    ),
    "UpdateExpirationForHIT": Row(lambda w: {"HITId": w.hit["HITId"], "ExpireAt": 0}, HIT),
    "UpdateHITReviewStatus": Row(lambda w: {"HITId": w.done_hit}, HIT),
    "UpdateHITTypeOfHIT": Row(lambda w: {"HITId": w.hit["HITId"], "HITTypeId": w.other_hit_type}, HIT),
    "UpdateNotificationSettings": Row(
        lambda w: {"HITTypeId": w.hit["HITTypeId"], "Notification": notification()}, NOT_VALID
    ),
    "UpdateQualificationType": Row(
        lambda w: {"QualificationTypeId": w.qualification_type, "Description": "Reads twice"}, TYPE
    ),
}


def notification() -> dict[str, Any]:
    return {"Destination": QUEUE, "Transport": "SQS", "Version": "2006-05-05", "EventTypes": ["AssignmentSubmitted"]}


@pytest.fixture
def fresh(marketplace: Any, control: Control) -> World:
    """A requester for one test."""
    return World(marketplace.url, control)


@pytest.fixture(scope="module")
def world(marketplace: Any) -> World:
    """A requester for all tests that change nothing of it."""
    return World(marketplace.url, Control(marketplace))


@pytest.fixture
def stranger(marketplace: Any, control: Control) -> World:
    """Another requester."""
    return World(marketplace.url, control)


def fits(name: str, answer: Any) -> None:
    """The answer is what the model says: known members of the right types, those it requires among them."""
    report = ParamValidator().validate(answer, OPERATIONS[name].output)
    assert not report.has_errors(), report.generate_report()


def told(reply: Reply) -> tuple[int, str, str, str]:
    """(status, type, code, sentence without the time at its end) of a refusal."""
    said = reply.json
    sentence = re.sub(r" \(\d+\)$", "", said.get("Message") or said.get("message"))
    return reply.status, said["__type"], said.get("TurkErrorCode", ""), sentence


def operation_names() -> list[str]:
    return sorted(FUNCTIONS)


def test_there_is_a_function_and_a_row_for_each_operation_of_the_model():
    assert set(FUNCTIONS) == set(model().operation_names)
    assert set(ROWS) == set(model().operation_names)
    assert set(LISTS) | {"ListReviewPolicyResultsForHIT"} == {name for name in ROWS if name.startswith("List")}


def test_the_documentation_has_a_line_for_each_operation_of_the_model():
    text = (ROOT / "docs" / "marketplace.md").read_text()
    table = re.search(r"<!-- operations -->\n(.*?)<!-- /operations -->", text, re.DOTALL)
    assert table
    assert re.findall(r"^\| `(\w+)` \| \S.+ \|$", table[1], re.MULTILINE) == sorted(model().operation_names)


def test_the_example_of_the_documentation_runs(marketplace, capsys):
    text = (ROOT / "docs" / "marketplace.md").read_text()
    example = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert example
    exec(compile(example[1].replace("http://127.0.0.1:8001", marketplace.url), "marketplace.md", "exec"), {})
    assert re.fullmatch(r"\d+\.\d\d\n", capsys.readouterr().out)


@pytest.mark.parametrize("name", operation_names())
def test_it_works_for_its_owner_and_answers_as_the_model_says(fresh, name):
    row = ROWS[name]
    request = row.request(fresh)
    assert not ParamValidator().validate(request, OPERATIONS[name].input).has_errors()
    reply = fresh.wire.call(name, request)
    if row.refused:
        assert told(reply)[:3] == (400, "RequestError", f"AWS.MechanicalTurk.{row.refused}")
        return
    assert reply.status == 200, reply.body
    fits(name, reply.json)
    if name in LISTS:
        assert len(reply.json[LISTS[name]]) == reply.json["NumResults"] == 1


@pytest.mark.parametrize("name", operation_names())
def test_another_requester_gets_and_changes_nothing(world, stranger, name):
    row = ROWS[name]
    request = row.request(world)
    before = world.everything()
    reply = stranger.wire.call(name, request)
    if isinstance(row.for_others, str):
        status, kind, code, sentence = told(reply)
        assert (status, code) == (400, f"AWS.MechanicalTurk.{row.for_others}")
        assert kind == ("ParameterValidationError" if row.for_others == NOT_VALID else "RequestError")
        assert re.search(r"does not exist|is not valid for the parameter", sentence)
    else:
        row.for_others(world, reply)
    if reply.status == 200:
        fits(name, reply.json)
    assert world.everything() == before


@pytest.mark.parametrize("name", [name for name in operation_names() if isinstance(ROWS[name].for_others, str)])
def test_somebody_elses_is_told_exactly_as_what_never_was(world, stranger, name):
    """Else an error would say which ids are in use."""
    request = ROWS[name].request(world)
    ids = re.findall(r"\b3[A-Z0-9]{29}\b", str(request))
    assert ids
    foreign = stranger.wire.call(name, request)
    unknown = stranger.wire.call(name, _replaced(request, ids))
    status, kind, code, sentence = told(foreign)
    for one in ids:
        sentence = sentence.replace(one, NOBODYS)
    assert (status, kind, code, sentence) == told(unknown)


def _replaced(value: Any, ids: list[str]) -> Any:
    if isinstance(value, dict):
        return {name: _replaced(part, ids) for name, part in value.items()}
    if isinstance(value, list):
        return [_replaced(part, ids) for part in value]
    return NOBODYS if value in ids else value


REQUIRED = [(name, member) for name in operation_names() for member in OPERATIONS[name].input.required_members]


@pytest.mark.parametrize(("name", "member"), REQUIRED)
def test_what_is_required_and_missing_is_named(world, name, member):
    request = ROWS[name].request(world)
    path = member[0].lower() + member[1:]
    sentence = f"Value null at '{path}' failed to satisfy constraint: Member must not be null"
    without = {key: value for key, value in request.items() if key != member}
    for incomplete in (without, {**request, member: None}):
        refusal = told(world.wire.call(name, incomplete))
        assert refusal == (400, "ValidationException", "", f"1 validation error detected: {sentence}")


def test_either_a_hit_or_an_assignment_is_needed_to_list_bonuses(world):
    status, kind, _, sentence = told(world.wire.call("ListBonusPayments", {}))
    assert (status, kind) == (400, "ParameterValidationError")
    assert "HITId" in sentence
    assert "AssignmentId" in sentence


PAGED = [name for name in operation_names() if "NextToken" in OPERATIONS[name].input.members]


@pytest.mark.parametrize("name", PAGED)
def test_a_list_takes_no_wrong_page_size_and_no_token_from_elsewhere(world, stranger, name):
    request = ROWS[name].request(world)
    for size, limit in ((0, "greater than or equal to 1"), (101, "less than or equal to 100")):
        status, kind, _, sentence = told(world.wire.call(name, {**request, "MaxResults": size}))
        assert (status, kind) == (400, "ValidationException")
        assert f"Value '{size}' at 'maxResults' failed" in sentence
        assert limit in sentence
    for _ in range(2):
        stranger.call("CreateHIT", stranger.new_hit)
    token = stranger.call("ListHITs", {"MaxResults": 1})["NextToken"]
    for wrong in (token, token[:-4], "p1:", "p1:AAAA", "\u2713"):
        status, kind, _, sentence = told(world.wire.call(name, {**request, "NextToken": wrong}))
        assert (status, kind) == (400, "ParameterValidationError"), wrong
        assert "The NextToken is not valid here" in sentence


@pytest.mark.parametrize("name", operation_names())
def test_no_member_may_have_another_type(stranger, name):
    """What the model takes for wrong is an error of the protocol, wherever it stands, and never a failure of ours."""
    for member, shape in OPERATIONS[name].input.members.items():
        for wrong in ({"a": {}}, [[[]]], 1.5, "\u2713" * 300):
            reply = stranger.wire.call(name, {member: wrong})
            assert reply.status < 500, (member, wrong, reply.body)
            if ParamValidator().validate(wrong, shape).has_errors() and shape.type_name != "timestamp":
                assert reply.json["__type"] in ("SerializationException", "ValidationException"), (member, wrong)
