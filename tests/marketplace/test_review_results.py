"""ListReviewPolicyResultsForHIT: what the review policies of a HIT found and did."""

import pytest

from tests.marketplace.making import do, invalid, new_hit, refused
from tests.marketplace.reviewing import GOLD, PLURALITY, agree, gold, worker

ANSWERS = (("coat", "blue", "large", "Furry"), ("sweater", "blue", "large", "fur"), ("coat", "green", "large", "furr"))


@pytest.fixture
def reviewed(mturk, control):
    """The reference's worked example (api:5540), with a known answer besides: the HIT and its AssignmentIds."""
    key = gold({"K": ["yes"]}, ApproveIfKnownAnswerScoreIsAtLeast=100)
    plurality = agree(["A", "B", "C", "D"], ApproveIfWorkerAgreementScoreIsAtLeast=100)
    hit = new_hit(mturk, MaxAssignments=3, AssignmentReviewPolicy=key, HITReviewPolicy=plurality)
    made = [
        do(control, hit, worker("EXAMPLE"), **dict(zip("ABCD", given, strict=True)), K="yes" if number else "no")
        for number, given in enumerate(ANSWERS)
    ]
    return hit["HITId"], made


def told(results):
    return [(row["SubjectType"], row["SubjectId"], row.get("QuestionId"), row["Key"], row["Value"]) for row in results]


def done(actions):
    return [(row["ActionName"], row["TargetType"], row["TargetId"], row["Status"], row["Result"]) for row in actions]


def test_every_result_and_action_of_both_levels(mturk, reviewed):
    hit, (one, two, three) = reviewed
    answer = mturk.list_review_policy_results_for_hit(HITId=hit)
    assert answer["HITId"] == hit
    assert answer["AssignmentReviewPolicy"] == {"PolicyName": GOLD}
    assert answer["HITReviewPolicy"] == {"PolicyName": PLURALITY}
    assert "NextToken" not in answer

    scored = answer["AssignmentReviewReport"]
    assert told(scored["ReviewResults"]) == [
        ("Assignment", assignment, question, name, value)
        for assignment, right in ((one, False), (two, True), (three, True))
        for question, name, value in (
            ("K", "KnownAnswerCorrect", "1" if right else "0"),
            (None, "KnownAnswerScore", "100" if right else "0"),
        )
    ]
    assert done(scored["ReviewActions"]) == [
        ("review", "Assignment", one, "Succeeded", "Reviewed one known answer; 0/1 correct"),
        ("review", "Assignment", two, "Succeeded", "Reviewed one known answer; 1/1 correct"),
        ("approve", "Assignment", two, "Succeeded", "Approved"),
        ("review", "Assignment", three, "Succeeded", "Reviewed one known answer; 1/1 correct"),
        ("approve", "Assignment", three, "Succeeded", "Approved"),
    ]

    compared = answer["HITReviewReport"]
    agreed = {"A": ("coat", "66"), "B": ("blue", "66"), "C": ("large", "100")}
    assert told(compared["ReviewResults"]) == [
        *(
            ("HIT", hit, question, name, value)
            for question, (text, score) in agreed.items()
            for name, value in (("AgreedAnswerFound", "true"), ("AgreedAnswer", text), ("AnswerAgreementScore", score))
        ),
        ("HIT", hit, "D", "AgreedAnswerFound", "false"),
        *(
            ("Assignment", assignment, None, name, str(value))
            for assignment, right in ((one, 3), (two, 2), (three, 2))
            for name, value in (
                ("PluralityAnswersCorrect", right),
                ("PluralityAnswersIncorrect", 3 - right),
                ("WorkerAgreementScore", right * 100 // 3),
            )
        ),
        ("HIT", hit, None, "HitAgreementScore", "75"),
    ]
    assert done(compared["ReviewActions"]) == [("approve", "Assignment", one, "Succeeded", "Approved")]
    ids = [row["ActionId"] for report in (scored, compared) for rows in report.values() for row in rows]
    assert len(set(ids)) == len(ids)
    submitted = mturk.get_assignment(AssignmentId=three)["Assignment"]["SubmitTime"]
    assert compared["ReviewActions"][0]["CompleteTime"] == submitted


def test_one_level_or_results_or_actions_alone(mturk, reviewed):
    hit, _ = reviewed
    one = mturk.list_review_policy_results_for_hit(HITId=hit, PolicyLevels=["Assignment"])
    assert set(one) == {"HITId", "AssignmentReviewPolicy", "AssignmentReviewReport", "ResponseMetadata"}
    whole = mturk.list_review_policy_results_for_hit(HITId=hit, PolicyLevels=["HIT"], RetrieveActions=False)
    assert set(whole["HITReviewReport"]) == {"ReviewResults"}
    acted = mturk.list_review_policy_results_for_hit(HITId=hit, RetrieveResults=False, RetrieveActions=True)
    assert set(acted["AssignmentReviewReport"]) == {"ReviewActions"}
    neither = mturk.list_review_policy_results_for_hit(HITId=hit, RetrieveResults=False, RetrieveActions=False)
    assert neither["AssignmentReviewReport"] == neither["HITReviewReport"] == {}


@pytest.mark.parametrize("size", [1, 5, 7, 6, 11])
def test_pages_go_through_all_of_it_once(mturk, reviewed, size):
    hit, _ = reviewed
    all_of_it = mturk.list_review_policy_results_for_hit(HITId=hit)
    pages, token = [], {}
    while True:
        answer = mturk.list_review_policy_results_for_hit(HITId=hit, MaxResults=size, **token)
        pages.append(answer)
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    counts = [
        sum(len(page[f"{level}ReviewReport"][name]) for level in ("Assignment", "HIT") for name in LISTS)
        for page in pages
    ]
    assert counts[:-1] == [size] * (len(counts) - 1)
    assert 0 < counts[-1] <= size
    for level in ("Assignment", "HIT"):
        for name in LISTS:
            found = [row for page in pages for row in page[f"{level}ReviewReport"][name]]
            assert found == all_of_it[f"{level}ReviewReport"][name]


LISTS = ("ReviewResults", "ReviewActions")


def test_a_token_belongs_to_its_hit_and_question(mturk, marketplace, reviewed):
    hit, _ = reviewed
    token = mturk.list_review_policy_results_for_hit(HITId=hit, MaxResults=1)["NextToken"]
    other = new_hit(mturk)["HITId"]
    for changed in (
        {"HITId": other},
        {"HITId": hit, "PolicyLevels": ["HIT"]},
        {"HITId": hit, "RetrieveActions": False},
    ):
        with invalid("NextToken is not valid here"):
            mturk.list_review_policy_results_for_hit(**changed, NextToken=token)


def test_another_requesters_hit_does_not_exist(marketplace, reviewed):
    hit, _ = reviewed
    with refused("HITDoesNotExist", f"^Hit {hit} does not exist"):
        marketplace.client("AKIASTRANGER").list_review_policy_results_for_hit(HITId=hit)


def test_a_hit_without_policies_has_no_reports(mturk, control):
    hit = new_hit(mturk)
    do(control, hit, worker("PLAIN"))
    assert set(mturk.list_review_policy_results_for_hit(HITId=hit["HITId"])) == {"HITId", "ResponseMetadata"}


def test_a_failed_action_says_why(mturk, control):
    policy = gold({"q": ["a"]}, ExtendIfKnownAnswerScoreIsLessThan=101)
    hit = new_hit(mturk, Reward="8000.00", AssignmentReviewPolicy=policy)
    do(control, hit, worker("POOR"), q="b")
    report = mturk.list_review_policy_results_for_hit(HITId=hit["HITId"])["AssignmentReviewReport"]
    failed = report["ReviewActions"][-1]
    assert (failed["ActionName"], failed["TargetType"], failed["TargetId"]) == ("extend", "HIT", hit["HITId"])
    assert (failed["Status"], failed["ErrorCode"]) == ("Failed", "AWS.MechanicalTurk.InsufficientFunds")
    assert "insufficient funds" in failed["Result"]


def test_answers_are_told_as_they_are_however_hostile(mturk, control):
    policy = agree(["q"])
    hit = new_hit(mturk, MaxAssignments=2, HITReviewPolicy=policy)
    text = "<script>alert(1)</script> \N{SNOWMAN} ]]> & é"
    for _ in range(2):
        do(control, hit, worker("HOSTILE"), q=text)
    results = mturk.list_review_policy_results_for_hit(HITId=hit["HITId"])["HITReviewReport"]["ReviewResults"]
    assert next(row["Value"] for row in results if row["Key"] == "AgreedAnswer") == text


def test_every_comparison_of_an_extended_hit_is_kept_in_order(mturk, control):
    hit = new_hit(mturk, HITReviewPolicy=agree(["q"]))
    do(control, hit, worker("FIRST"), q="a")
    mturk.create_additional_assignments_for_hit(HITId=hit["HITId"], NumberOfAdditionalAssignments=1)
    do(control, hit, worker("SECOND"), q="b")
    results = mturk.list_review_policy_results_for_hit(HITId=hit["HITId"])["HITReviewReport"]["ReviewResults"]
    assert [row["Value"] for row in results if row["Key"] == "HitAgreementScore"] == ["100", "0"]
