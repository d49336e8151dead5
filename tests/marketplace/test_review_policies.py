"""Review policies at work: assignments approved and rejected, HITs extended."""

import pytest

from marketplace import clock, work
from marketplace.models import Assignment, Requester
from marketplace.operations import OPERATIONS
from tests.marketplace.making import FORM, HTML, KIND, balance, do, new_hit, state
from tests.marketplace.reviewing import agree, gold, worker


def status(mturk, assignment: str) -> tuple[str, str]:
    found = mturk.get_assignment(AssignmentId=assignment)["Assignment"]
    return found["AssignmentStatus"], found.get("RequesterFeedback", "")


def actions(mturk, hit) -> list[tuple[str, str, str]]:
    """(name, status, error code) of everything done, the assignments' first."""
    report = mturk.list_review_policy_results_for_hit(HITId=hit["HITId"], RetrieveResults=False)
    levels = (report.get(f"{level}ReviewReport", {}) for level in ("Assignment", "HIT"))
    return [
        (action["ActionName"], action["Status"], action.get("ErrorCode", "").rpartition(".")[2])
        for level in levels
        for action in level.get("ReviewActions", [])
        if action["ActionName"] != "review"
    ]


def test_a_good_assignment_is_approved_and_a_bad_one_rejected_as_soon_as_it_is_submitted(mturk, control):
    policy = gold(
        {"a": ["1"], "b": ["x", "y"]},
        ApproveIfKnownAnswerScoreIsAtLeast=100,
        ApproveReason="All right",
        RejectIfKnownAnswerScoreIsLessThan=50,
        RejectReason="Not even half",
    )
    hit = new_hit(mturk, MaxAssignments=3, AssignmentReviewPolicy=policy)
    good = do(control, hit, worker("GOOD"), a="1", b=["y", "x"])
    half = do(control, hit, worker("HALF"), a="1", b="x")
    bad = do(control, hit, worker("BAD"), a="2", b="x")
    assert status(mturk, good) == ("Approved", "All right")
    assert status(mturk, half) == ("Submitted", "")
    assert status(mturk, bad) == ("Rejected", "Not even half")
    # 1.80 was held; one reward and fee were paid, one hold was released, one is kept.
    assert balance(mturk) == ("9998.80", "0.60")


@pytest.mark.parametrize(
    ("threshold", "answer", "expected"),
    [
        ({"ApproveIfKnownAnswerScoreIsAtLeast": 0}, "wrong", "Approved"),
        ({"ApproveIfKnownAnswerScoreIsAtLeast": 101}, "right", "Submitted"),
        ({"RejectIfKnownAnswerScoreIsLessThan": 0}, "wrong", "Submitted"),
        ({"RejectIfKnownAnswerScoreIsLessThan": 101}, "right", "Rejected"),
        ({"RejectIfKnownAnswerScoreIsLessThan": 100}, "right", "Submitted"),
        (
            {"ApproveIfKnownAnswerScoreIsAtLeast": 100, "RejectIfKnownAnswerScoreIsLessThan": 101},
            "right",
            "Approved",
        ),
    ],
)
def test_the_ends_of_the_thresholds(mturk, control, threshold, answer, expected):
    hit = new_hit(mturk, AssignmentReviewPolicy=gold({"q": ["right"]}, **threshold))
    assert status(mturk, do(control, hit, worker("END"), q=answer))[0] == expected


def test_the_answers_of_a_question_form_are_scored_by_its_identifiers(mturk, control):
    policy = gold({"fruit": ["a", "p"]}, ApproveIfKnownAnswerScoreIsAtLeast=100)
    hit = new_hit(mturk, MaxAssignments=2, Question=FORM, AssignmentReviewPolicy=policy)
    assert status(mturk, do(control, hit, worker("F"), why="x", fruit=["p", "a"]))[0] == "Approved"
    assert status(mturk, do(control, hit, worker("F"), why="x", fruit=["a"]))[0] == "Submitted"


def test_a_bad_score_extends_the_hit_by_one_until_the_most_is_reached(mturk, control):
    policy = gold(
        {"q": ["right"]},
        ExtendIfKnownAnswerScoreIsLessThan=80,
        ExtendMaximumAssignments=3,
        ExtendMinimumTimeInSeconds=600,
    )
    hit = new_hit(mturk, AssignmentReviewPolicy=policy)
    do(control, hit, worker("BAD"), q="wrong")
    now = mturk.get_hit(HITId=hit["HITId"])["HIT"]
    assert (now["MaxAssignments"], now["HITStatus"]) == (2, "Assignable")
    assert (now["Expiration"] - hit["Expiration"]).total_seconds() == 600
    assert balance(mturk) == ("9998.80", "1.20")
    do(control, hit, worker("BAD"), q="wrong")
    do(control, hit, worker("BAD"), q="wrong")
    assert mturk.get_hit(HITId=hit["HITId"])["HIT"]["MaxAssignments"] == 3
    assert state(mturk, hit)[0] == "Reviewable"
    assert actions(mturk, hit) == [("extend", "Succeeded", "")] * 3  # the third had nothing to do
    assert mturk.list_reviewable_hits()["NumResults"] == 1


def test_a_good_score_does_not_extend_and_five_is_the_most_by_default(mturk, control):
    extend = {"ExtendIfKnownAnswerScoreIsLessThan": 100}
    good = new_hit(mturk, AssignmentReviewPolicy=gold({"q": ["right"]}, **extend))
    do(control, good, worker("GOOD"), q="right")
    assert state(mturk, good)[0] == "Reviewable"
    full = new_hit(mturk, MaxAssignments=5, AssignmentReviewPolicy=gold({"q": ["right"]}, **extend))
    do(control, full, worker("BAD"), q="wrong")
    assert mturk.get_hit(HITId=full["HITId"])["HIT"]["MaxAssignments"] == 5


def test_nine_assignments_never_become_ten(mturk, control):
    policy = gold({"q": ["right"]}, ExtendIfKnownAnswerScoreIsLessThan=101, ExtendMaximumAssignments=25)
    hit = new_hit(mturk, MaxAssignments=9, AssignmentReviewPolicy=policy)
    do(control, hit, worker("BAD"), q="wrong")
    assert mturk.get_hit(HITId=hit["HITId"])["HIT"]["MaxAssignments"] == 9
    assert actions(mturk, hit) == [("extend", "Failed", "InvalidMaximumAssignmentsIncrease")]
    many = new_hit(mturk, MaxAssignments=10, AssignmentReviewPolicy=policy)
    do(control, many, worker("BAD"), q="wrong")
    assert mturk.get_hit(HITId=many["HITId"])["HIT"]["MaxAssignments"] == 11


def test_without_the_money_extending_fails_and_the_worker_does_not_notice(mturk, control):
    policy = gold({"q": ["right"]}, RejectIfKnownAnswerScoreIsLessThan=1, ExtendIfKnownAnswerScoreIsLessThan=101)
    hit = new_hit(mturk, Reward="5000.00", AssignmentReviewPolicy=policy)
    wrong = do(control, hit, worker("POOR"), q="right")
    assert status(mturk, wrong)[0] == "Submitted"
    assert actions(mturk, hit) == [("extend", "Failed", "InsufficientFunds")]
    assert balance(mturk) == ("4000.00", "6000.00")
    assert state(mturk, hit) == ("Reviewable", 0, 0, 0)
    assert mturk.get_hit(HITId=hit["HITId"])["HIT"]["MaxAssignments"] == 1
    mturk.approve_assignment(AssignmentId=wrong)
    assert balance(mturk) == ("4000.00", "0.00")


def test_work_handed_in_after_the_expiry_extends_only_if_the_policy_gives_time(mturk, control):
    def late(**parameters):
        policy = gold({"q": ["right"]}, ExtendIfKnownAnswerScoreIsLessThan=101, **parameters)
        hit = new_hit(mturk, LifetimeInSeconds=60, AssignmentReviewPolicy=policy)
        return hit, control.post("accept", {"HITId": hit["HITId"], "WorkerId": worker("LATE")})["AssignmentId"]

    timeless, first = late()
    given, second = late(ExtendMinimumTimeInSeconds=300)
    control.advance(120)
    for assignment in (first, second):
        control.post("submit", {"AssignmentId": assignment, "Fields": {"q": "wrong"}})
    assert actions(mturk, timeless) == [("extend", "Failed", "InvalidHITState")]
    assert state(mturk, timeless)[0] == "Reviewable"
    assert actions(mturk, given) == [("extend", "Succeeded", "")]
    assert state(mturk, given) == ("Assignable", 0, 1, 0)


# Agreement at work


def three(control, hit, *answers: str) -> list[str]:
    return [do(control, hit, worker("PLURAL"), q=answer) for answer in answers]


def test_who_agrees_is_approved_and_who_does_not_is_rejected_when_the_hit_is_reviewable(mturk, control):
    policy = agree(
        ["q"],
        ApproveIfWorkerAgreementScoreIsAtLeast=100,
        RejectIfWorkerAgreementScoreIsLessThan=50,
        RejectReason="Two others saw something else",
    )
    hit = new_hit(mturk, MaxAssignments=3, HITReviewPolicy=policy)
    first, second = three(control, hit, "cat", " cat ")
    assert status(mturk, first) == ("Submitted", "")
    (third,) = three(control, hit, "dog")
    assert status(mturk, first)[0] == status(mturk, second)[0] == "Approved"
    assert status(mturk, third) == ("Rejected", "Two others saw something else")
    assert state(mturk, hit) == ("Reviewable", 0, 0, 3)
    assert balance(mturk) == ("9998.80", "0.00")


def test_without_agreement_the_hit_goes_to_another_worker(mturk, control):
    policy = agree(
        ["q"],
        100,
        ExtendIfHITAgreementScoreIsLessThan=100,
        ExtendMaximumAssignments=3,
        ExtendMinimumTimeInSeconds=3600,
        ApproveIfWorkerAgreementScoreIsAtLeast=100,
    )
    hit = new_hit(mturk, MaxAssignments=2, HITReviewPolicy=policy)
    first, _ = three(control, hit, "cat", "dog")
    assert state(mturk, hit) == ("Assignable", 0, 1, 0)
    now = mturk.get_hit(HITId=hit["HITId"])["HIT"]
    assert (now["Expiration"] - hit["Expiration"]).total_seconds() == 3600
    three(control, hit, "cat")
    assert state(mturk, hit) == ("Reviewable", 0, 0, 0)  # two of three are not all, and three is the most
    assert status(mturk, first)[0] == "Submitted"
    assert actions(mturk, hit) == [("extend", "Succeeded", "")] * 2


def test_a_hit_that_expires_is_compared_but_not_opened_again_for_those_who_did_not_come(mturk, control):
    policy = agree(
        ["q"],
        ApproveIfWorkerAgreementScoreIsAtLeast=100,
        ExtendIfHITAgreementScoreIsLessThan=100,
        ExtendMaximumAssignments=5,
        ExtendMinimumTimeInSeconds=3600,
    )
    hit = new_hit(mturk, MaxAssignments=4, LifetimeInSeconds=600, HITReviewPolicy=policy)
    disagree = new_hit(mturk, MaxAssignments=4, LifetimeInSeconds=600, HITReviewPolicy=policy)
    nobody = new_hit(mturk, MaxAssignments=4, LifetimeInSeconds=600, HITReviewPolicy=policy)
    first, _ = three(control, hit, "cat", "cat")
    three(control, disagree, "cat", "dog")
    assert status(mturk, first)[0] == "Submitted"
    control.advance(700)
    assert status(mturk, first)[0] == "Approved"
    assert state(mturk, disagree)[0] == "Reviewable"
    assert actions(mturk, disagree) == [("extend", "Failed", "InvalidHITState")]
    assert (state(mturk, nobody)[0], actions(mturk, nobody)) == ("Reviewable", [])


def test_the_last_worker_giving_up_an_expired_hit_makes_it_reviewable_too(mturk, control):
    policy = agree(["q"], ApproveIfWorkerAgreementScoreIsAtLeast=100)
    hit = new_hit(mturk, MaxAssignments=3, LifetimeInSeconds=60, HITReviewPolicy=policy)
    first, _ = three(control, hit, "cat", "cat")
    control.post("accept", {"HITId": hit["HITId"], "WorkerId": worker("GIVESUP")})
    control.advance(120)
    assert status(mturk, first)[0] == "Submitted"
    control.advance(600)  # abandoned
    assert status(mturk, first)[0] == "Approved"


def test_rejected_and_badly_scored_assignments_can_be_disregarded(mturk, control):
    def judged(disregard, key=None):
        hit = new_hit(
            mturk,
            MaxAssignments=3,
            HITReviewPolicy=agree(["q"], ApproveIfWorkerAgreementScoreIsAtLeast=100, **disregard),
            **({"AssignmentReviewPolicy": key} if key else {}),
        )
        first = do(control, hit, worker("ONE"), q="cat", known="right")
        second = do(control, hit, worker("TWO"), q="dog", known="wrong")
        if not key:
            mturk.reject_assignment(AssignmentId=second, RequesterFeedback="no")
        third = do(control, hit, worker("THREE"), q="dog", known="wrong")
        return [status(mturk, assignment)[0] for assignment in (first, second, third)]

    assert judged({"DisregardAssignmentIfRejected": "F"}) == ["Submitted", "Rejected", "Approved"]
    assert judged({"DisregardAssignmentIfRejected": "T"}) == ["Submitted", "Rejected", "Submitted"]  # one against one
    low = {"DisregardAssignmentIfKnownAnswerScoreIsLessThan": 80}
    assert judged(low, gold({"known": ["right"]})) == ["Approved", "Submitted", "Submitted"]


def test_what_was_decided_before_is_not_decided_again(mturk, control):
    policy = agree(["q"], ApproveIfWorkerAgreementScoreIsAtLeast=100, RejectIfWorkerAgreementScoreIsLessThan=50)
    hit = new_hit(mturk, MaxAssignments=4, HITReviewPolicy=policy)
    first, second, third = three(control, hit, "cat", "cat", "dog")
    mturk.approve_assignment(AssignmentId=first)
    mturk.reject_assignment(AssignmentId=second, RequesterFeedback="r")
    mturk.approve_assignment(AssignmentId=third)
    three(control, hit, "cat")
    assert [status(mturk, assignment)[0] for assignment in (first, second, third)] == [
        "Approved",
        "Rejected",
        "Approved",
    ]
    assert actions(mturk, hit) == [
        ("approve", "Succeeded", ""),
        ("approve", "Failed", "InvalidAssignmentState"),
        ("reject", "Failed", "InvalidAssignmentState"),
        ("approve", "Succeeded", ""),
    ]


def test_a_hit_extended_by_its_requester_is_compared_again(mturk, control):
    policy = agree(["q"], ApproveIfWorkerAgreementScoreIsAtLeast=100)
    hit = new_hit(mturk, MaxAssignments=2, HITReviewPolicy=policy)
    first, second = three(control, hit, "cat", "dog")
    assert status(mturk, first)[0] == "Submitted"
    mturk.create_additional_assignments_for_hit(HITId=hit["HITId"], NumberOfAdditionalAssignments=1)
    three(control, hit, "cat")
    assert (status(mturk, first)[0], status(mturk, second)[0]) == ("Approved", "Submitted")


@pytest.mark.django_db
def test_an_answer_that_cannot_be_read_any_more_does_not_stop_time():
    requester = Requester.for_key("AKIAOLDANSWER")
    policy = agree(["q"], ApproveIfWorkerAgreementScoreIsAtLeast=100)
    wanted = {**KIND, "LifetimeInSeconds": 600, "MaxAssignments": 4, "Question": HTML, "HITReviewPolicy": policy}
    hit = OPERATIONS["CreateHIT"](requester, wanted)["HIT"]["HITId"]
    old, one, two = (work.submit(work.accept(hit, f"AOLD{n}").assignment_id, fields={"q": "cat"}) for n in range(3))
    Assignment.objects.filter(pk=old.pk).update(answer="<no document")
    clock.advance(700)
    found = Assignment.objects.filter(pk__in=[old.pk, one.pk, two.pk]).order_by("pk").values_list("status", flat=True)
    assert list(found) == ["Submitted", "Approved", "Approved"]
