"""An endpoint that answers like MTurk, but badly: what makes sense is read, the rest is a sentence, nothing is lost."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.urls import reverse

from dashboard import mturk
from dashboard.models import Account
from hits.models import HIT, Assignment, Batch
from tests.cast import Lab, make_lab

NOW = time.time()
Answer = Callable[[dict[str, Any]], Any]


class Endpoint:
    """Answers each operation with what a function says; bytes and strings go out as they are."""

    def __init__(self) -> None:
        self.says: dict[str, Answer] = {
            "GetAccountBalance": lambda _: {"AvailableBalance": "10.00"},
            "ListQualificationTypes": lambda _: {"NumResults": 0, "QualificationTypes": []},
            "ListQualificationRequests": lambda _: {"NumResults": 0, "QualificationRequests": []},
        }
        self.calls: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                operation = self.headers["X-Amz-Target"].partition(".")[2]
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.calls.append(operation)
                said = outer.says[operation](request)
                body = said.encode() if isinstance(said, str) else json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True).start()

    def hits(self, *rows: dict[str, Any]) -> None:
        self.says["ListHITs"] = lambda _: {"NumResults": len(rows), "HITs": list(rows)}

    def assignments(self, *rows: dict[str, Any]) -> None:
        self.says["ListAssignmentsForHIT"] = lambda _: {"NumResults": len(rows), "Assignments": list(rows)}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    running = Endpoint()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def bad(db: Any, endpoint: Endpoint) -> Lab:
    return make_lab(endpoint, "bad")


def hit(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "HITId": f"3HIT{number:06d}", "HITTypeId": "3TYPE", "HITGroupId": "3GROUP", "CreationTime": NOW - 100,
        "Title": "Receipts", "Description": "Type it", "Question": "<x/>", "HITStatus": "Assignable",
        "MaxAssignments": 3, "Reward": "0.10", "AutoApprovalDelayInSeconds": 3600, "Expiration": NOW + 3600,
        "AssignmentDurationInSeconds": 600, "HITReviewStatus": "NotReviewed", "NumberOfAssignmentsPending": 0,
        "NumberOfAssignmentsAvailable": 1, "NumberOfAssignmentsCompleted": 0, **changes,
    }  # fmt: skip


def assignment(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "AssignmentId": f"3ASG{number:06d}", "WorkerId": f"AWORKER{number}", "HITId": "3HIT000001",
        "AssignmentStatus": "Submitted", "AcceptTime": NOW - 50, "SubmitTime": NOW - 20, "AutoApprovalTime": NOW + 3000,
        "Answer": "<QuestionFormAnswers/>", **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    "said",
    ["{}", "[]", "null", "12", '"HITs"', '{"HITs": null}', '{"HITs": "abc"}', '{"HITs": {"a": 1}}',
     '{"HITs": [1, "a", null]}',
     '{"HITs": [{"HITId": "3", "QualificationRequirements": "x"}]}',
     '{"HITs": [{"HITId": "3", "QualificationRequirements": [5]}]}', '{"HITs": [[]]}',
     "", "<html>", '{"HITs": ' + "[" * 5000 + "]" * 5000 + "}", '{"NumResults": 0}'],
)  # fmt: skip
def test_an_answer_that_is_no_list_ends_the_sync_and_nothing_is_thought_gone(
    bad: Lab, endpoint: Endpoint, said: str
) -> None:
    endpoint.hits(hit())
    endpoint.assignments(assignment())
    assert bad.sync().error == ""
    endpoint.says["ListHITs"] = lambda _: said

    run = bad.sync()

    assert run.error
    assert "error of HITdesk itself" not in run.error
    assert HIT.objects.present().count() == 1
    assert Assignment.objects.awaiting_review().count() == 1


POISON: list[dict[str, Any]] = [
    {"CreationTime": None}, {"CreationTime": 1e300}, {"CreationTime": -1e300}, {"CreationTime": "soon"},
    {"CreationTime": []}, {"HITTypeId": None}, {"HITTypeId": "T" * 300}, {"Reward": "abc"}, {"Reward": "NaN"},
    {"Reward": "1e30"}, {"Reward": "-1"}, {"Reward": 5}, {"MaxAssignments": 10**30}, {"MaxAssignments": "many"},
    {"MaxAssignments": -5}, {"NumberOfAssignmentsAvailable": 2**70}, {"AssignmentDurationInSeconds": 10**18},
    {"AutoApprovalDelayInSeconds": "x"}, {"HITId": "3" * 300}, {"HITId": None}, {"HITId": 5}, {"HITGroupId": "G" * 300},
    {"HITStatus": "S" * 300}, {"HITReviewStatus": "S" * 300}, {"Title": 7}, {"Expiration": 1e18},
]  # fmt: skip


@pytest.mark.parametrize("poison", POISON, ids=[str(row)[:50] for row in POISON])
def test_a_hit_that_makes_no_sense_is_named_and_the_others_are_read(
    bad: Lab, endpoint: Endpoint, poison: dict[str, Any]
) -> None:
    endpoint.hits(hit(1), {**hit(2), **poison}, hit(3))
    endpoint.assignments()
    run = bad.sync()
    assert "error of HITdesk itself" not in run.error
    assert {"3HIT000001", "3HIT000003"} <= set(HIT.objects.values_list("hit_id", flat=True))
    if HIT.objects.count() == 2:
        assert "could not be read" in run.error


def test_what_is_odd_but_makes_sense_is_read(bad: Lab, endpoint: Endpoint) -> None:
    endpoint.hits(
        hit(1, QualificationRequirements=None, Keywords=None, RequesterAnnotation=None, Expiration=None),
        hit(2, Reward="0.105", HITTypeId="3OTHER"),
        hit(3, RequesterAnnotation="BatchId:<script>alert(1)</script>'\"\x00;", Title="nul \x00 and \ud800 surrogate"),
        hit(4, RequesterAnnotation="BatchId:;BatchId:" + "9" * 200),
        hit(1, Title="the same HIT twice on a page"),
        {"HITId": "3HIT000009", "HITTypeId": "3TYPE", "CreationTime": NOW},
    )
    endpoint.assignments()
    assert bad.sync().error == ""
    assert HIT.objects.count() == 5
    assert "\x00" not in Batch.objects.get(name__startswith="nul").name
    people = bad.people["viewer"]
    from django.test import Client

    client = Client()
    client.force_login(people, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("overview", args=["bad"])).content.decode()
    assert "<script>alert(1)" not in page


BAD_WORK: list[dict[str, Any]] = [
    {"SubmitTime": None}, {"SubmitTime": 1e300}, {"WorkerId": None}, {"WorkerId": "W" * 300}, {"AssignmentId": None},
    {"AssignmentId": "3" * 300}, {"AssignmentStatus": "S" * 300}, {"AssignmentStatus": "Lost"},
    {"AutoApprovalTime": 1e18},
    {"AcceptTime": "x"}, {"Answer": 5}, {"Answer": ["x"]}, {"RequesterFeedback": {"a": 1}},
]  # fmt: skip


@pytest.mark.parametrize("poison", BAD_WORK, ids=[str(row)[:50] for row in BAD_WORK])
def test_an_assignment_that_makes_no_sense_is_named_and_the_others_are_read(
    bad: Lab, endpoint: Endpoint, poison: dict[str, Any]
) -> None:
    endpoint.hits(hit())
    endpoint.assignments(assignment(1), {**assignment(2), **poison}, assignment(3))
    run = bad.sync()
    assert "error of HITdesk itself" not in run.error
    assert {"3ASG000001", "3ASG000003"} <= set(Assignment.objects.values_list("assignment_id", flat=True))
    if Assignment.objects.count() == 2:
        assert "could not be read" in run.error
    assert not HIT.objects.stale().exists(), "it would be read again for ever"


def test_a_workers_odd_characters_are_kept_readable(bad: Lab, endpoint: Endpoint) -> None:
    endpoint.hits(hit())
    endpoint.assignments(
        assignment(1, Answer="nul \x00 here"),
        assignment(2, Answer="half a pair \ud800 here"),
        assignment(3, RequesterFeedback="\x00", Extra={"\ud800": ["\x00", float("nan")]}),
        assignment(1, Answer="the same assignment twice on a page"),
    )
    assert bad.sync().error == ""
    assert Assignment.objects.count() == 3


def test_an_assignment_handed_in_again_by_another_worker_is_read_anew(bad: Lab, endpoint: Endpoint) -> None:
    endpoint.hits(hit())
    endpoint.assignments(assignment(1))
    bad.sync()
    endpoint.hits(hit(NumberOfAssignmentsAvailable=2))
    endpoint.assignments(assignment(1, WorkerId="ASOMEBODYELSE", SubmitTime=NOW - 5, Answer="<other/>"))
    bad.sync()
    row = Assignment.objects.get()
    assert (row.worker_id, row.answer) == ("ASOMEBODYELSE", "<other/>")


@pytest.mark.parametrize("tokens", ["same", "two in turn", "always new"])
def test_pages_that_never_end_are_a_sentence(bad: Lab, endpoint: Endpoint, tokens: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(mturk, "MOST_PAGES", 40)
    monkeypatch.setattr(mturk, "MOST_PAGES_OF_ONE", 20)

    def token() -> str:
        number = len(endpoint.calls)
        return {"same": "a", "two in turn": "ab"[number % 2], "always new": str(number)}[tokens]

    endpoint.hits(hit(1), hit(2))
    endpoint.says["ListAssignmentsForHIT"] = lambda request: (
        {"Assignments": [assignment(1)], "NextToken": token()}
        if request["HITId"] == "3HIT000001"
        else {"Assignments": [assignment(2, HITId="3HIT000002")]}
    )
    run = bad.sync()
    assert "repeats its pages" in run.error
    assert Assignment.objects.count() == 2
    endpoint.says["ListHITs"] = lambda _: {"HITs": [hit(1)], "NextToken": token()}
    run = bad.sync()
    assert "repeats its pages" in run.error
    assert HIT.objects.present().count() == 2


def test_a_hit_that_vanishes_while_it_is_read_is_no_error(lab: Lab) -> None:
    from dashboard.tasks import begin_sync
    from hits import sync

    gone, here = lab.hit(MaxAssignments=1), lab.hit(MaxAssignments=1)
    work = lab.answer(gone)
    lab.answer(here)
    run = begin_sync(lab.account)
    assert run is not None
    with sync.running(run):
        sync.pull_hits(run)
        lab.mturk.approve_assignment(AssignmentId=work)
        lab.mturk.delete_hit(HITId=gone)
        sync.pull_assignments(run)
    assert run.error == ""
    assert Assignment.objects.count() == 1
    lab.sync()
    assert HIT.objects.get(hit_id=gone).gone_at is not None
    assert not HIT.objects.stale().exists()


def test_a_balance_that_is_no_money_is_unknown(bad: Lab, endpoint: Endpoint) -> None:
    endpoint.hits(hit())
    endpoint.assignments()
    for said in ("abc", "NaN", "1e99", "", 5):
        endpoint.says["GetAccountBalance"] = lambda _, said=said: {"AvailableBalance": said}
        assert "error of HITdesk itself" not in bad.sync(full=False).error
        Account.objects.update(balance_at=None)
    bad.account.refresh_from_db()
    assert bad.account.available_balance is None


def test_ten_thousand_batches_are_read_and_shown(
    bad: Lab, endpoint: Endpoint, django_assert_max_num_queries: Any
) -> None:
    rows = [hit(n, HITTypeId=f"3TYPE{n}", RequesterAnnotation=f"BatchId:{n};", NumberOfAssignmentsAvailable=3)
            for n in range(10_000)]  # fmt: skip
    endpoint.says["ListHITs"] = lambda request: {
        "HITs": rows[(start := int(request.get("NextToken", 0))) : start + 100],
        **({"NextToken": str(start + 100)} if start + 100 < len(rows) else {}),
    }
    with django_assert_max_num_queries(1500):
        assert bad.sync().error == ""
    assert Batch.objects.count() == 10_000
    from dashboard import statistics

    began = time.thread_time()
    shown, more = statistics.batches(bad.account)
    assert more
    assert len(shown) == statistics.SHOWN_BATCHES
    assert time.thread_time() - began < 1
