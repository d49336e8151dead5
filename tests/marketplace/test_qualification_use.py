"""Which HITs use a qualification type, and what becomes of a deleted one while they do."""

import importlib

import django.apps
import pytest
from django.db import transaction

from marketplace.models import Requester, RequiredQualification
from marketplace.operations import OPERATIONS
from tests.marketplace.making import (
    ANSWER_KEY,
    HTML,
    KIND,
    TEST,
    ask,
    do,
    invalid,
    new_hit,
    new_type,
    new_worker,
    refused,
)
from tests.servers import ControlRefused

LOCALE = "00000000000000000071"


def requirement(kind, comparator="Exists", **values):
    return {"QualificationTypeId": kind["QualificationTypeId"], "Comparator": comparator, **values}


def using(mturk, type_id, **wanted):
    answer = mturk.list_hits_for_qualification_type(QualificationTypeId=type_id, **wanted)
    assert answer["NumResults"] == len(answer["HITs"])
    return [hit["HITId"] for hit in answer["HITs"]]


def status(mturk, kind):
    whose = {"QualificationTypeId": kind["QualificationTypeId"]}
    return mturk.get_qualification_type(**whose)["QualificationType"]["QualificationTypeStatus"]


def put_away(mturk, hit):
    mturk.update_expiration_for_hit(HITId=hit["HITId"], ExpireAt=0)
    mturk.delete_hit(HITId=hit["HITId"])


def test_hits_that_use_a_type_are_listed_the_newest_first_until_they_are_deleted(mturk):
    kind, other = new_type(mturk), new_type(mturk, Name="Other")
    assert using(mturk, kind["QualificationTypeId"]) == []
    hits = [
        new_hit(mturk, Title=f"Kind {number}", QualificationRequirements=[requirement(kind, comparator)])
        for number, comparator in enumerate(("Exists", "DoesNotExist", "Exists"))
    ]
    new_hit(mturk, QualificationRequirements=[requirement(other)])
    new_hit(mturk)
    both = new_hit(mturk, QualificationRequirements=[requirement(other), requirement(kind), requirement(kind)])
    newest_first = [hit["HITId"] for hit in (both, *reversed(hits))]
    assert using(mturk, kind["QualificationTypeId"]) == newest_first
    mturk.update_expiration_for_hit(HITId=hits[0]["HITId"], ExpireAt=0)  # of any status
    assert using(mturk, kind["QualificationTypeId"]) == newest_first
    put_away(mturk, hits[1])
    assert hits[1]["HITId"] not in using(mturk, kind["QualificationTypeId"])
    assert mturk.get_hit(HITId=both["HITId"])["HIT"]["HITId"] in using(mturk, other["QualificationTypeId"])


def test_hits_that_use_a_type_come_in_pages_of_the_requesters_own(mturk, marketplace, access_key):
    us = [{"QualificationTypeId": LOCALE, "Comparator": "EqualTo", "LocaleValues": [{"Country": "US"}]}]
    hits = [new_hit(mturk, QualificationRequirements=us)["HITId"] for _ in range(3)]
    other = marketplace.client(f"{access_key}B")
    new_hit(other, QualificationRequirements=us)
    first = mturk.list_hits_for_qualification_type(QualificationTypeId=LOCALE, MaxResults=2)
    assert [hit["HITId"] for hit in first["HITs"]] == [hits[2], hits[1]]
    assert using(mturk, LOCALE, MaxResults=2, NextToken=first["NextToken"]) == [hits[0]]
    with invalid("NextToken is not valid here"):
        using(other, LOCALE, NextToken=first["NextToken"])
    with refused("QualificationTypeDoesNotExist"):
        using(other, new_type(mturk)["QualificationTypeId"])


def test_a_type_that_no_hit_uses_is_gone_at_once_and_its_name_is_free(mturk, control):
    kind = new_type(mturk)
    worker = new_worker(control)
    mturk.associate_qualification_with_worker(QualificationTypeId=kind["QualificationTypeId"], WorkerId=worker)
    mturk.delete_qualification_type(QualificationTypeId=kind["QualificationTypeId"])
    whose = {"QualificationTypeId": kind["QualificationTypeId"]}
    for call, given in (
        (mturk.get_qualification_type, {}),
        (mturk.delete_qualification_type, {}),
        (mturk.update_qualification_type, {"Description": "d"}),
        (mturk.list_workers_with_qualification_type, {}),
        (mturk.list_hits_for_qualification_type, {}),
        (mturk.list_qualification_requests, {}),
        (mturk.get_qualification_score, {"WorkerId": worker}),
        (mturk.associate_qualification_with_worker, {"WorkerId": worker}),
    ):
        with refused("QualificationTypeDoesNotExist", r"^QualificationType \[.*\] does not exist\."):
            call(**whose, **given)
    answer = mturk.list_qualification_types(MustBeRequestable=True, MustBeOwnedByCaller=True)
    assert answer["QualificationTypes"] == []
    assert new_type(mturk)["QualificationTypeId"] != kind["QualificationTypeId"]


def test_a_type_that_hits_use_is_disposing_until_the_last_of_them_is_gone(mturk, control):
    kind = new_type(mturk)
    hits = [new_hit(mturk, Title=title, QualificationRequirements=[requirement(kind)]) for title in ("One", "Two")]
    whose, worker = {"QualificationTypeId": kind["QualificationTypeId"]}, new_worker(control)
    mturk.associate_qualification_with_worker(**whose, WorkerId=worker)
    mturk.delete_qualification_type(**whose)
    assert status(mturk, kind) == "Disposing"
    for call in (mturk.delete_qualification_type, mturk.update_qualification_type):
        with refused(
            "InvalidQualificationTypeState", r"^This operation can be called with a status of: Active,Inactive"
        ):
            call(**whose)
    with refused("QualificationTypeAlreadyExists"):
        new_type(mturk)
    # Its HITs go on, and who has it may do them.
    do(control, hits[0], worker)
    assert len(using(mturk, kind["QualificationTypeId"])) == 2
    put_away(mturk, hits[1])
    assert status(mturk, kind) == "Disposing"
    (assignment,) = mturk.list_assignments_for_hit(HITId=hits[0]["HITId"])["Assignments"]
    mturk.approve_assignment(AssignmentId=assignment["AssignmentId"])
    mturk.delete_hit(HITId=hits[0]["HITId"])
    with refused("QualificationTypeDoesNotExist"):
        status(mturk, kind)
    new_type(mturk)


def test_time_and_another_hit_type_free_a_deleted_type_as_well(mturk, control):
    kind = new_type(mturk)
    moved = new_hit(mturk, QualificationRequirements=[requirement(kind)])
    left = new_hit(mturk, Title="Left alone", QualificationRequirements=[requirement(kind)])
    mturk.delete_qualification_type(QualificationTypeId=kind["QualificationTypeId"])
    mturk.update_hit_type_of_hit(HITId=moved["HITId"], HITTypeId=mturk.create_hit_type(**KIND)["HITTypeId"])
    assert using(mturk, kind["QualificationTypeId"]) == [left["HITId"]]
    assert status(mturk, kind) == "Disposing"
    control.advance(3600 + 121 * 86_400)  # expired, and 120 days later disposed of
    with refused("QualificationTypeDoesNotExist"):
        status(mturk, kind)


def test_a_deleted_type_makes_no_more_hits(mturk):
    kind = new_type(mturk)
    requirements = [requirement(kind)]
    hit_type = mturk.create_hit_type(**KIND, QualificationRequirements=requirements)["HITTypeId"]
    plain = new_hit(mturk, Title="Plain")
    new_hit(mturk, QualificationRequirements=requirements)
    mturk.delete_qualification_type(QualificationTypeId=kind["QualificationTypeId"])
    with refused("QualificationTypeDoesNotExist"):
        new_hit(mturk, QualificationRequirements=requirements)
    with refused("QualificationTypeDoesNotExist"):
        mturk.create_hit_type(**KIND, QualificationRequirements=requirements)
    with refused("QualificationTypeDoesNotExist"):
        mturk.create_hit_with_hit_type(HITTypeId=hit_type, LifetimeInSeconds=60, Question=HTML)
    with refused("QualificationTypeDoesNotExist"):
        mturk.update_hit_type_of_hit(HITId=plain["HITId"], HITTypeId=hit_type)
    assert mturk.get_hit(HITId=plain["HITId"])["HIT"]["HITTypeId"] == plain["HITTypeId"]


def test_deleting_rejects_what_waits(mturk, control):
    tested = new_type(mturk, Test=TEST, AnswerKey=ANSWER_KEY, TestDurationInSeconds=60)
    new_hit(mturk, QualificationRequirements=[requirement(tested)])
    worker = new_worker(control)
    ask(control, tested, worker)
    waiting = new_type(mturk, Name="Waiting")
    new_hit(mturk, QualificationRequirements=[requirement(waiting)])
    request = ask(control, waiting, worker)
    unused = new_type(mturk, Name="Unused")
    ask(control, unused, worker)
    for kind, why in ((tested, "unavailable"), (waiting, "unavailable"), (unused, "no_such_qualification_type")):
        mturk.delete_qualification_type(QualificationTypeId=kind["QualificationTypeId"])
        path = f"qualification-requests?QualificationTypeId={kind['QualificationTypeId']}&WorkerId={worker}"
        assert control.get(path)["state"] == "rejected"
        with pytest.raises(ControlRefused, match=why):
            ask(control, kind, worker)
    with refused("InvalidQualificationRequestState"):
        mturk.accept_qualification_request(QualificationRequestId=request["QualificationRequestId"])
    assert mturk.list_qualification_requests()["QualificationRequests"] == []


@pytest.mark.django_db
def test_hit_types_made_before_there_was_an_index_are_found():
    requester = Requester.for_key("AKIABEFORE")

    def call(operation, **request):
        with transaction.atomic():
            return OPERATIONS[operation](requester, request)

    types = [
        call("CreateQualificationType", Name=name, Description="d", QualificationTypeStatus="Active")
        for name in ("One", "Two")
    ]
    requirements = [requirement(kind["QualificationType"]) for kind in types]
    call("CreateHITType", **KIND, QualificationRequirements=[*requirements, requirements[0]])
    call("CreateHITType", **{**KIND, "Title": "Plain"})
    made = set(RequiredQualification.objects.values_list("hit_type_id", "qualification_type_id"))
    assert len(made) == 2
    RequiredQualification.objects.all().delete()
    migration = importlib.import_module("marketplace.migrations.0004_fill_qualifications_in_use")
    for _ in range(2):  # and a second time changes nothing
        migration.fill(django.apps.apps, None)
        assert set(RequiredQualification.objects.values_list("hit_type_id", "qualification_type_id")) == made
