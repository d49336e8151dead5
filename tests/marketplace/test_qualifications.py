"""Giving qualifications to workers, taking them away, and reading who has them."""

import pytest

from tests.marketplace.making import invalid, new_type, new_worker, refused, told

LOCALE = "00000000000000000071"
NONE = r"^You requested a Qualification that does not exist\."


@pytest.fixture
def kind(mturk):
    return new_type(mturk)["QualificationTypeId"]


@pytest.fixture
def worker(control):
    return new_worker(control)


def give(mturk, kind, worker, **given):
    mturk.associate_qualification_with_worker(QualificationTypeId=kind, WorkerId=worker, **given)


def take(mturk, kind, worker, **given):
    mturk.disassociate_qualification_from_worker(QualificationTypeId=kind, WorkerId=worker, **given)


def score(mturk, kind, worker):
    return mturk.get_qualification_score(QualificationTypeId=kind, WorkerId=worker)["Qualification"]


def holders(mturk, kind, **wanted):
    answer = mturk.list_workers_with_qualification_type(QualificationTypeId=kind, **wanted)
    assert answer["NumResults"] == len(answer["Qualifications"])
    return answer["Qualifications"]


def test_a_qualification_is_given_with_a_value_and_a_time(mturk, control, kind, worker):
    before = control.now()
    give(mturk, kind, worker, IntegerValue=95)
    found = score(mturk, kind, worker)
    assert before <= found.pop("GrantTime").timestamp() <= control.now()
    assert found == {"QualificationTypeId": kind, "WorkerId": worker, "IntegerValue": 95, "Status": "Granted"}
    assert holders(mturk, kind) == [score(mturk, kind, worker)]


@pytest.mark.parametrize("value", [0, -5, 2**31 - 1, -(2**31)])
def test_any_integer_is_a_value(mturk, kind, worker, value):
    give(mturk, kind, worker, IntegerValue=value)
    assert score(mturk, kind, worker)["IntegerValue"] == value


def test_the_value_is_1_unless_said_and_can_be_given_again(mturk, control, kind, worker):
    give(mturk, kind, worker)
    first = score(mturk, kind, worker)
    assert first["IntegerValue"] == 1
    control.advance(60)
    give(mturk, kind, worker, IntegerValue=7)
    again = score(mturk, kind, worker)
    assert again["IntegerValue"] == 7
    assert (again["GrantTime"] - first["GrantTime"]).total_seconds() >= 60
    assert len(holders(mturk, kind)) == 1


def test_a_qualification_taken_away_is_revoked_and_can_come_back(mturk, kind, worker):
    give(mturk, kind, worker, IntegerValue=3)
    take(mturk, kind, worker, Reason="The test was withdrawn.")
    with refused("InvalidQualificationState", r"^This operation can be called with a status of: Granted"):
        score(mturk, kind, worker)
    with refused("InvalidQualificationState", r"^This operation can be called with a status of: Granted"):
        take(mturk, kind, worker)
    assert holders(mturk, kind) == []
    assert [(one["WorkerId"], one["Status"]) for one in holders(mturk, kind, Status="Revoked")] == [(worker, "Revoked")]
    give(mturk, kind, worker, IntegerValue=4)
    assert score(mturk, kind, worker)["IntegerValue"] == 4
    assert holders(mturk, kind, Status="Revoked") == []


def test_who_never_had_it_has_no_score_and_nothing_to_lose(mturk, kind, worker):
    with refused("QualificationDoesNotExist", NONE):
        score(mturk, kind, worker)
    with refused("QualificationDoesNotExist", NONE):
        take(mturk, kind, worker)
    with refused("QualificationDoesNotExist", NONE):
        score(mturk, kind, "ANOBODYEVERSEEN")


def test_a_worker_nobody_has_seen_cannot_get_it(mturk, kind):
    for call in (give, take):
        with invalid('^The value "ANOBODYEVERSEEN" is not valid for the parameter WorkerId'):
            call(mturk, kind, "ANOBODYEVERSEEN")


def test_types_of_the_system_are_not_given_and_have_no_score(mturk, worker):
    for call in (give, take):
        with refused("PermissionDeniedException", "Worker_Locale belongs to the marketplace"):
            call(mturk, LOCALE, worker)
    with refused("PermissionDeniedException"):
        holders(mturk, LOCALE)
    with refused("QualificationDoesNotExist", NONE):
        score(mturk, LOCALE, worker)


def test_anothers_type_does_not_exist(mturk, marketplace, access_key, kind, worker):
    give(mturk, kind, worker, IntegerValue=5)
    other = marketplace.client(f"{access_key}B")
    for call in (give, take, score):
        with refused("QualificationTypeDoesNotExist", rf"^QualificationType \[{kind}\] does not exist\."):
            call(other, kind, worker)
    with refused("QualificationTypeDoesNotExist"):
        holders(other, kind)
    assert score(mturk, kind, worker)["IntegerValue"] == 5


def test_holders_come_in_pages(mturk, control, kind):
    workers = [new_worker(control) for _ in range(5)]
    for worker in workers:
        give(mturk, kind, worker)
    take(mturk, kind, workers[2])
    found, token = [], {}
    while token is not None:
        page = mturk.list_workers_with_qualification_type(QualificationTypeId=kind, MaxResults=3, **token)
        found.append([one["WorkerId"] for one in page["Qualifications"]])
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    assert found == [[workers[0], workers[1], workers[3]], [workers[4]], []]
    first = mturk.list_workers_with_qualification_type(QualificationTypeId=kind, MaxResults=3)
    with invalid("NextToken is not valid here"):
        holders(mturk, kind, Status="Revoked", NextToken=first["NextToken"])


def test_a_worker_is_told_unless_the_requester_wants_silence(mturk, marketplace, kind, worker):
    give(mturk, kind, worker, SendNotification=False)
    assert told(marketplace, worker) == []
    give(mturk, kind, worker, IntegerValue=42)
    give(mturk, kind, worker, IntegerValue=43, SendNotification=True)
    messages = told(marketplace, worker)
    assert [subject for subject, _ in messages] == ['You have the qualification "Patience"'] * 2
    assert [text.endswith(f"Your value: {value}") for value, (_, text) in zip((42, 43), messages, strict=True)] == [
        True,
        True,
    ]


def test_a_worker_who_loses_it_is_told_only_where_there_is_a_reason(mturk, marketplace, kind, worker):
    give(mturk, kind, worker, SendNotification=False)
    take(mturk, kind, worker)
    assert told(marketplace, worker) == []
    give(mturk, kind, worker, SendNotification=False)
    take(mturk, kind, worker, Reason="<b>No</b>")
    assert told(marketplace, worker) == [('You do not have the qualification "Patience" any more', "<b>No</b>")]
    give(mturk, kind, worker, SendNotification=False)
    with invalid("Reason has a maximum length of 1024"):
        take(mturk, kind, worker, Reason="r" * 1025)
    assert score(mturk, kind, worker)["Status"] == "Granted"


def test_the_name_of_a_type_is_cut_to_what_a_subject_holds(mturk, marketplace, worker):
    give(mturk, new_type(mturk, Name="n" * 200)["QualificationTypeId"], worker)
    assert len(told(marketplace, worker)[0][0]) == 200
