"""Workers: accepting, handing in and giving back, and why they may not."""

import pytest

from tests import servers
from tests.marketplace.making import ANSWERS, FORM, balance, do, new_hit, state

EMPTY = f'<QuestionFormAnswers xmlns="{ANSWERS}"/>'


def accept(control, hit, worker_id):
    return control.post("accept", {"HITId": hit["HITId"], "WorkerId": worker_id})["AssignmentId"]


def refusal(code):
    return pytest.raises(servers.ControlRefused, match=code)


def answer_of(mturk, assignment_id):
    return mturk.get_assignment(AssignmentId=assignment_id)["Assignment"]["Answer"]


def requiring(mturk, type_id, comparator, **values):
    return new_hit(
        mturk,
        MaxAssignments=5,
        QualificationRequirements=[{"QualificationTypeId": type_id, "Comparator": comparator, **values}],
    )


def test_one_assignment_per_worker_and_hit(mturk, control):
    hit = new_hit(mturk, MaxAssignments=3)
    assignment_id = accept(control, hit, "AONCE")
    with refusal("already_accepted"):
        accept(control, hit, "AONCE")
    control.post("submit", {"AssignmentId": assignment_id, "Answer": EMPTY})
    with refusal("already_done"):
        accept(control, hit, "AONCE")
    mturk.reject_assignment(AssignmentId=assignment_id, RequesterFeedback="no")
    with refusal("already_done"):
        accept(control, hit, "AONCE")


def test_nothing_left_to_take(mturk, control):
    hit = new_hit(mturk)
    accept(control, hit, "ATAKER")
    with refusal("unavailable"):
        accept(control, hit, "ALOSER")
    expired = new_hit(mturk)
    mturk.update_expiration_for_hit(HITId=expired["HITId"], ExpireAt=0)
    with refusal("unavailable"):
        accept(control, expired, "ALOSER")
    for unknown in ("3NONE", "\u0130", "3" * 5000):
        with refusal("no_such_hit"):
            accept(control, {"HITId": unknown}, "ALOSER")
        with refusal("no_such_assignment"):
            control.post("submit", {"AssignmentId": unknown, "Fields": {}})
        with refusal("not_accepted"):
            control.post("return", {"HITId": unknown, "WorkerId": "ALOSER"})
    with refusal("bad_worker_id"):
        accept(control, hit, "worker-1")


def test_given_back_it_is_open_again_for_anybody(mturk, control):
    hit = new_hit(mturk)
    assignment_id = accept(control, hit, "ARETURNS")
    control.post("return", {"AssignmentId": assignment_id})
    assert state(mturk, hit) == ("Assignable", 0, 1, 0)
    assert balance(mturk) == ("9999.40", "0.60")
    with refusal("not_accepted"):
        control.post("submit", {"AssignmentId": assignment_id, "Answer": EMPTY})
    again = accept(control, hit, "ARETURNS")
    assert again != assignment_id
    control.post("return", {"HITId": hit["HITId"], "WorkerId": "ARETURNS"})
    with refusal("not_accepted"):
        control.post("return", {"HITId": hit["HITId"], "WorkerId": "ARETURNS"})
    assert do(control, hit, "AANOTHER")


def test_a_document_is_kept_as_it_was_handed_in(mturk, control):
    document = f"""<?xml version='1.0'?>\n<QuestionFormAnswers  xmlns='{ANSWERS}'><Answer>
      <QuestionIdentifier>x</QuestionIdentifier><FreeText>é&lt;script></FreeText></Answer></QuestionFormAnswers>"""
    assignment_id = accept(control, new_hit(mturk), "AVERBATIM")
    control.post("submit", {"AssignmentId": assignment_id, "Answer": document})
    assert answer_of(mturk, assignment_id) == document
    with refusal("not_accepted"):
        control.post("submit", {"AssignmentId": assignment_id, "Answer": document})


@pytest.mark.parametrize(
    "document",
    [
        "",
        "hello",
        "<QuestionFormAnswers/>",
        EMPTY.replace("2005", "2006"),
        f'<!DOCTYPE a [<!ENTITY b SYSTEM "file:/etc/passwd">]><QuestionFormAnswers xmlns="{ANSWERS}"/>',
        f'<QuestionFormAnswers xmlns="{ANSWERS}"><Answer><FreeText>x</FreeText></Answer></QuestionFormAnswers>',
        f'<QuestionFormAnswers xmlns="{ANSWERS}"><script/></QuestionFormAnswers>',
        EMPTY + "\x00",
    ],
)
def test_what_is_no_answer_document_is_refused_and_can_be_handed_in_better(mturk, control, document):
    hit = new_hit(mturk)
    assignment_id = accept(control, hit, "ABADANSWER")
    with refusal("bad_answer"):
        control.post("submit", {"AssignmentId": assignment_id, "Answer": document})
    assert state(mturk, hit) == ("Unassignable", 1, 0, 0)
    control.post("submit", {"AssignmentId": assignment_id, "Answer": EMPTY})


def test_hostile_fields_become_harmless_text(mturk, control):
    hit = new_hit(mturk)
    assignment_id = do(control, hit, "AHOSTILE", **{"<a>&": "]]></FreeText><x>\x00\x1b", "workerId": "AFAKE"})
    answer = answer_of(mturk, assignment_id)
    assert "<QuestionIdentifier>&lt;a&gt;&amp;</QuestionIdentifier>" in answer
    assert "<FreeText>]]&gt;&lt;/FreeText&gt;&lt;x&gt;\ufffd\ufffd</FreeText>" in answer
    assert "AFAKE" not in answer


def test_a_question_form_gets_its_selections(mturk, control):
    hit = new_hit(mturk, Question=FORM, MaxAssignments=5)
    answer = answer_of(mturk, do(control, hit, "AFORM", fruit=["p", "a"], why="sweet"))
    assert answer.index("sweet") < answer.index("<SelectionIdentifier>a</SelectionIdentifier>\n<SelectionIdentifier>p")
    other = answer_of(mturk, do(control, hit, "AFORMOTHER", fruit=["a", "a cherry"]))
    assert "<SelectionIdentifier>a</SelectionIdentifier>\n<OtherSelectionText>a cherry</OtherSelectionText>" in other
    with refusal("bad_answer"):
        do(control, hit, "AFORMWRONG", vegetable="leek")
    assert "FreeText" not in answer_of(mturk, do(control, hit, "AFORMNONE", fruit=[]))


@pytest.mark.parametrize(
    ("type_id", "comparator", "values", "may"),
    [
        ("00000000000000000040", "GreaterThanOrEqualTo", {"IntegerValues": [1]}, False),
        ("00000000000000000040", "LessThan", {"IntegerValues": [1]}, True),
        ("000000000000000000L0", "GreaterThan", {"IntegerValues": [98]}, True),
        ("000000000000000000L0", "In", {"IntegerValues": [1, 2]}, False),
        ("000000000000000000L0", "NotIn", {"IntegerValues": [1, 2]}, True),
        ("00000000000000000060", "EqualTo", {"IntegerValues": [1]}, False),
        ("2F1QJWKUDD8XADTFD2Q0G6UTO95ALH", "Exists", {}, False),
        ("2ARFPLSP75KLA8M8DH1HTEQVJT3SY6", "DoesNotExist", {}, True),
        ("00000000000000000071", "EqualTo", {"LocaleValues": [{"Country": "US"}]}, True),
        ("00000000000000000071", "EqualTo", {"LocaleValues": [{"Country": "US", "Subdivision": "CA"}]}, False),
        ("00000000000000000071", "NotIn", {"LocaleValues": [{"Country": "DE"}, {"Country": "IN"}]}, True),
        ("00000000000000000071", "NotEqualTo", {"LocaleValues": [{"Country": "US"}]}, False),
    ],
)
def test_system_qualifications_decide_who_may_accept(mturk, control, access_key, type_id, comparator, values, may):
    hit = requiring(mturk, type_id, comparator, **values)
    worker_id = f"AQ{access_key}"
    if may:
        assert accept(control, hit, worker_id)
    else:
        with refusal("unqualified"):
            accept(control, hit, worker_id)


def test_approvals_count_towards_a_qualification(mturk, control, access_key):
    worker_id = f"AEXPERIENCED{access_key}"
    hit = requiring(mturk, "00000000000000000040", "GreaterThan", IntegerValues=[0])
    first = do(control, new_hit(mturk), worker_id)
    with refusal("unqualified"):
        accept(control, hit, worker_id)
    mturk.approve_assignment(AssignmentId=first)
    assert accept(control, hit, worker_id)
