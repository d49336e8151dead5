"""Many at once, over HTTP, on both databases: a qualification is asked for, decided and made once."""

from collections import Counter
from functools import partial

import pytest

from tests.marketplace.conftest import Control
from tests.marketplace.making import ask, new_hit, new_tested_type, new_type, new_worker, refused
from tests.marketplace.test_concurrency import AT_ONCE, at_once

PREFIX = "AWS.MechanicalTurk."

# Together, so that its two servers are started once.
pytestmark = pytest.mark.xdist_group("crowded")


@pytest.fixture
def control(crowded):
    return Control(crowded)


@pytest.fixture
def mturk(crowded, access_key):
    return crowded.client(access_key)


def test_one_name_is_given_once(mturk):
    outcome = Counter(
        "made" if isinstance(answer, dict) else answer for answer in at_once(*[partial(new_type, mturk)] * AT_ONCE)
    )
    assert outcome == {"made": 1, f"{PREFIX}QualificationTypeAlreadyExists": AT_ONCE - 1}


def test_one_worker_asks_once(mturk, control):
    kind, worker = new_type(mturk), new_worker(control)
    answers = at_once(*[partial(ask, control, kind, worker)] * AT_ONCE)
    assert Counter("pending" if isinstance(answer, dict) else answer for answer in answers) == {
        "pending": 1,
        "has_request": AT_ONCE - 1,
    }
    assert mturk.list_qualification_requests()["NumResults"] == 1


def test_one_test_is_handed_in_once(mturk, control):
    kind, worker = new_tested_type(mturk), new_worker(control)
    answers = at_once(*[partial(ask, control, kind, worker, Fields={"tart": "lemon"})] * AT_ONCE)
    assert Counter("granted" if isinstance(answer, dict) else answer for answer in answers) == {
        "granted": 1,
        "has_qualification": AT_ONCE - 1,
    }


def test_one_request_is_decided_once(mturk, control):
    kind, worker = new_type(mturk), new_worker(control)
    request = {"QualificationRequestId": ask(control, kind, worker)["QualificationRequestId"]}
    calls = [partial(mturk.accept_qualification_request, **request, IntegerValue=5)] * (AT_ONCE // 2)
    calls += [partial(mturk.reject_qualification_request, **request)] * (AT_ONCE // 2)
    answers = at_once(*calls)
    assert Counter("decided" if isinstance(answer, dict) else answer for answer in answers) == {
        "decided": 1,
        f"{PREFIX}InvalidQualificationRequestState": AT_ONCE - 1,
    }
    accepted = any(isinstance(answer, dict) for answer in answers[: AT_ONCE // 2])
    whose = {"QualificationTypeId": kind["QualificationTypeId"], "WorkerId": worker}
    if accepted:
        assert mturk.get_qualification_score(**whose)["Qualification"]["IntegerValue"] == 5
    else:
        with refused("QualificationDoesNotExist"):
            mturk.get_qualification_score(**whose)


def test_one_worker_is_given_one_qualification(mturk, control):
    kind, worker = new_type(mturk), new_worker(control)
    give = mturk.associate_qualification_with_worker
    whose = {"QualificationTypeId": kind["QualificationTypeId"], "WorkerId": worker}
    answers = at_once(*[partial(give, **whose, IntegerValue=number) for number in range(AT_ONCE)])
    assert all(isinstance(answer, dict) for answer in answers), answers
    (held,) = mturk.list_workers_with_qualification_type(QualificationTypeId=kind["QualificationTypeId"])[
        "Qualifications"
    ]
    assert held["IntegerValue"] in range(AT_ONCE)


def test_of_the_last_hits_put_away_at_once_one_frees_a_deleted_type(mturk):
    kind = new_type(mturk)
    wanted = [{"QualificationTypeId": kind["QualificationTypeId"], "Comparator": "Exists"}]
    hits = [new_hit(mturk, Title=f"Kind {number}", QualificationRequirements=wanted) for number in range(4)]
    for hit in hits:
        mturk.update_expiration_for_hit(HITId=hit["HITId"], ExpireAt=0)
    delete = partial(mturk.delete_qualification_type, QualificationTypeId=kind["QualificationTypeId"])
    answers = at_once(delete, *(partial(mturk.delete_hit, HITId=hit["HITId"]) for hit in hits))
    assert all(isinstance(answer, dict) for answer in answers), answers
    with refused("QualificationTypeDoesNotExist"):
        mturk.get_qualification_type(QualificationTypeId=kind["QualificationTypeId"])
    new_type(mturk)
