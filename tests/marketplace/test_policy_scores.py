"""The arithmetic of review policies, and what CreateHIT takes for one."""

import pytest

from marketplace import policies
from marketplace.documents import Answer
from tests.marketplace.making import invalid, new_hit
from tests.marketplace.reviewing import GOLD, PLURALITY, agree, gold, structure


def answered(**answers: str) -> dict[str, frozenset[str]]:
    return policies.answer_values(Answer(question, free_text=text) for question, text in answers.items())


def known(key: dict[str, list[str]], **answers: str) -> int:
    return policies.known_answers(gold(key)).score(answered(**answers))


@pytest.mark.parametrize(
    ("key", "answer", "score"),
    [
        (["B"], "B", 100),
        (["B"], "  B\n", 100),
        ([" B "], "B", 100),
        (["B"], "b", 0),
        (["B"], "B.", 0),
        (["B"], "", 0),
        ([], "", 100),
        ([], "B", 0),
        (["A", "B"], "A", 0),
        (["A"], "A|B", 0),
        (["A", "B"], "B|A", 100),
        (["A", "B"], "A | B", 100),
    ],
)
def test_an_answer_is_right_if_it_is_the_known_set_of_values(key, answer, score):
    assert known({"q": key}, q=answer) == score


def test_selections_and_other_text_count_like_values():
    given = policies.answer_values([Answer("q", selection_identifiers=("a", "p"), other_selection="fig")])
    assert given == {"q": frozenset({"a", "p", "fig"})}


def test_the_known_answer_score_is_cut_to_whole_percent():
    key = {"a": ["1"], "b": ["2"], "c": ["3"]}
    assert known(key, a="1", b="2", c="x") == 66
    assert known(key, a="1") == 33
    assert known(key, a="1", b="2", c="3", other="4") == 100


WORKED_EXAMPLE = {  # api:5540
    "one": answered(A="coat", B="blue", C="large", D="Furry"),
    "two": answered(A="sweater", B="blue", C="large", D="fur"),
    "three": answered(A="coat", B="green", C="large", D="furr"),
}


def test_the_worked_example_of_the_reference():
    found = policies.plurality(agree(["A", "B", "C", "D"], 50)).judge(WORKED_EXAMPLE)
    assert [found.questions[question].score for question in "ABCD"] == [66, 66, 100, None]
    values = [found.questions[question].value for question in "ABC"]
    assert values == [frozenset({"coat"}), frozenset({"blue"}), frozenset({"large"})]
    assert found.score == 75
    assert [found.workers[name].score for name in WORKED_EXAMPLE] == [100, 66, 66]


@pytest.mark.parametrize(("threshold", "agreed"), [(65, 3), (66, 1), (99, 1), (100, 1), (101, 0), (0, 3)])
def test_the_score_has_to_be_greater_than_the_threshold_but_100_can_be_asked_for(threshold, agreed):
    found = policies.plurality(agree(["A", "B", "C", "D"], threshold)).judge(WORKED_EXAMPLE)
    assert sum(1 for question in found.questions.values() if question.value is not None) == agreed


def test_a_tie_is_no_agreement_however_low_the_threshold():
    found = policies.plurality(agree(["q"], 0)).judge(
        {1: answered(q="a"), 2: answered(q="a"), 3: answered(q="b"), 4: answered(q="b")}
    )
    assert (found.questions["q"].value, found.score, found.workers[1].score) == (None, 0, None)


def test_sets_agree_only_if_they_are_equal_and_an_unanswered_question_is_the_empty_set():
    judge = policies.plurality(agree(["q"], 60)).judge
    assert judge({1: answered(q="a|b"), 2: answered(q="b|a"), 3: answered(q="a")}).questions["q"].score == 66
    assert judge({1: answered(q="a|b"), 2: answered(q="a"), 3: answered(q="b")}).score == 0
    assert judge({1: {}, 2: answered(q=" "), 3: answered(q="a")}).questions["q"].value == frozenset()


def test_answers_longer_than_256_characters_are_not_compared():
    judge = policies.plurality(agree(["q", "r"], 50)).judge
    longer = answered(q="x" * 257, r="a")
    found = judge({1: longer, 2: longer, 3: answered(q="y", r="a")})
    assert found.questions["q"].value == frozenset({"y"})
    assert (found.workers[1].agreed, found.workers[1].disagreed) == (1, 0)
    assert judge({1: answered(q="x" * 256), 2: answered(q="x" * 256)}).questions["q"].score == 100
    # What cannot be evaluated does not count against the HIT; nothing evaluated is no agreement.
    assert judge({1: longer, 2: longer}).score == 100
    assert judge({}).score == 0


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ({"PolicyName": "Nonsense/1"}, "The policy there is ScoreMyKnownAnswers/2011-09-01"),
        ({"PolicyName": PLURALITY}, "The policy there is ScoreMyKnownAnswers/2011-09-01"),
        ({"PolicyName": GOLD}, "AnswerKey .* is missing"),
        (gold({}), "AnswerKey .* is missing"),
        (gold({"q": ["a"], " q ": ["b"]}), "same question twice"),
        (gold({"": ["a"]}), "without a Key"),
        (gold({"é" * 128: ["a"]}), "more than 255 bytes"),
        (gold({f"q{number}": [] for number in range(1001)}), "1001 questions; it can have at most 1000"),
        (gold({"q": ["a"]}, ApproveIf=1), "ApproveIf of the review policy .* is not known.*ApproveReason"),
        (gold({"q": ["a"]}, ApproveIfKnownAnswerScoreIsAtLeast=102), "whole number from 0 to 101"),
        (gold({"q": ["a"]}, ApproveIfKnownAnswerScoreIsAtLeast="many"), '"many"; it must be a whole number'),
        (gold({"q": ["a"]}, RejectIfKnownAnswerScoreIsLessThan=-1), "whole number from 0 to 101"),
        (gold({"q": ["a"]}, RejectIfKnownAnswerScoreIsLessThan="٣"), "whole number"),
        (gold({"q": ["a"]}, ExtendIfKnownAnswerScoreIsLessThan=""), "whole number"),
        (gold({"q": ["a"]}, ExtendMaximumAssignments=1), "whole number from 2 to 25"),
        (gold({"q": ["a"]}, ExtendMaximumAssignments=26), "whole number from 2 to 25"),
        (gold({"q": ["a"]}, ExtendMinimumTimeInSeconds=59), "whole number from 60 to 31536000"),
        (gold({"q": ["a"]}, ExtendMinimumTimeInSeconds=31_536_001), "whole number from 60 to 31536000"),
        (gold({"q": ["a"]}, ApproveReason="r" * 1025), "1025 characters; it can have at most 1024"),
        (
            {"PolicyName": GOLD, "Parameters": [{"Key": "RejectReason", "Values": ["a", "b"]}]},
            "RejectReason .* has 2 Values; it needs exactly one|AnswerKey .* is missing",
        ),
        (
            {"PolicyName": GOLD, "Parameters": [{"Key": "AnswerKey"}, {"Key": "AnswerKey"}]},
            "AnswerKey .* is given twice",
        ),
        (
            {"PolicyName": GOLD, "Parameters": [{"Key": "RejectReason", "MapEntries": [{"Key": "q"}]}]},
            "takes Values, not MapEntries",
        ),
    ],
)
def test_a_policy_for_assignments_that_cannot_be_used_is_refused(mturk, policy, sentence):
    with invalid(sentence):
        new_hit(mturk, AssignmentReviewPolicy=policy)
    assert mturk.list_hits()["HITs"] == []


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ({"PolicyName": GOLD}, "The policy there is SimplePlurality/2011-09-01"),
        (agree([]), "QuestionIds .* is missing"),
        (
            structure(PLURALITY, [{"Key": "QuestionIds", "Values": ["q"]}], {}),
            "QuestionAgreementThreshold .* is missing",
        ),
        (agree(["q"], 102), "QuestionAgreementThreshold .* whole number from 0 to 101"),
        (agree(["q"], DisregardAssignmentIfRejected="perhaps"), "must be T or F"),
        (agree(["q"], ExtendIfHITAgreementScoreIsLessThan=0, ExtendMaximumAssignments=3), "from 1 to 100"),
        (agree(["q"], ExtendIfHITAgreementScoreIsLessThan=50), "ExtendMaximumAssignments .* is missing"),
        (agree(["q"], ExtendMinimumTimeInSeconds=59), "whole number from 60"),
        (agree(["q"], ApproveIfWorkerAgreementScoreIsAtLeast=200), "whole number"),
        (agree(["q"], ApproveReason="r"), "ApproveReason .* is not known"),
    ],
)
def test_a_policy_for_hits_that_cannot_be_used_is_refused(mturk, policy, sentence):
    with invalid(sentence):
        new_hit(mturk, HITReviewPolicy=policy)
    assert mturk.list_hits()["HITs"] == []


def test_both_policies_as_the_reference_writes_them(mturk):
    hit_policy = {
        "PolicyName": PLURALITY,
        "Parameters": [
            {"Key": "QuestionIDs", "Values": ["questionid1,questionid2", "questionid3"]},
            {"Key": "QuestionAgreementThreshold", "Values": ["100"]},
        ],
    }
    known_key = gold({"QuestionId1": ["B"], "QuestionId2": ["A"]}, ExtendMaximumAssignments=3)
    assert new_hit(mturk, AssignmentReviewPolicy=known_key, HITReviewPolicy=hit_policy)["HITId"]
    assert policies.plurality(hit_policy).question_ids == ("questionid1", "questionid2", "questionid3")
