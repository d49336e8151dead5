"""HIT types: equal properties are one type, and what requirements may say."""

import pytest

from tests.marketplace.making import HTML, KIND, balance, do, invalid, new_hit, refused

LOCALE, APPROVED, PERCENT = "00000000000000000071", "00000000000000000040", "000000000000000000L0"
ADULT, MASTERS = "00000000000000000060", "2F1QJWKUDD8XADTFD2Q0G6UTO95ALH"


def test_equal_properties_are_one_type_and_one_group(mturk, marketplace):
    first = mturk.create_hit_type(**KIND)["HITTypeId"]
    assert mturk.create_hit_type(**KIND)["HITTypeId"] == first
    # The defaults and the amount are compared as values, not as they are written.
    same = {**KIND, "Reward": "0.5", "AutoApprovalDelayInSeconds": 2_592_000, "Keywords": ""}
    assert mturk.create_hit_type(**same)["HITTypeId"] == first
    assert new_hit(mturk)["HITTypeId"] == first
    assert mturk.create_hit_type(**{**KIND, "Reward": "0.51"})["HITTypeId"] != first
    assert marketplace.client("AKIAANOTHER").create_hit_type(**KIND)["HITTypeId"] != first


def test_annotation_and_question_do_not_part_a_group_but_any_property_does(mturk):
    one = new_hit(mturk, RequesterAnnotation="a")
    assert new_hit(mturk, RequesterAnnotation="b", MaxAssignments=2)["HITGroupId"] == one["HITGroupId"]
    assert new_hit(mturk, Keywords="k")["HITGroupId"] != one["HITGroupId"]


@pytest.mark.parametrize(
    ("requirement", "echo"),
    [
        ({"RequiredToPreview": True}, (True, "PreviewAndAccept")),
        ({"ActionsGuarded": "DiscoverPreviewAndAccept"}, (True, "DiscoverPreviewAndAccept")),
        ({}, (False, "Accept")),
    ],
)
def test_requirements_come_back_with_their_defaults(mturk, requirement, echo):
    asked = {"QualificationTypeId": PERCENT, "Comparator": "GreaterThan", "IntegerValues": [95], **requirement}
    got = new_hit(mturk, QualificationRequirements=[asked])["QualificationRequirements"][0]
    assert got == {**asked, "RequiredToPreview": echo[0], "ActionsGuarded": echo[1]}


@pytest.mark.parametrize(
    ("requirement", "sentence"),
    [
        ({"QualificationTypeId": APPROVED, "Comparator": "Exists", "IntegerValues": [1]}, "must not be present"),
        ({"QualificationTypeId": APPROVED, "Comparator": "EqualTo"}, "has 0 values"),
        ({"QualificationTypeId": APPROVED, "Comparator": "EqualTo", "IntegerValues": [1, 2]}, "exactly one value"),
        ({"QualificationTypeId": APPROVED, "Comparator": "In", "IntegerValues": list(range(16))}, "1 to 15 values"),
        (
            {"QualificationTypeId": APPROVED, "Comparator": "EqualTo", "LocaleValues": [{"Country": "US"}]},
            "LocaleValues",
        ),
        ({"QualificationTypeId": LOCALE, "Comparator": "EqualTo", "IntegerValues": [1]}, "IntegerValues"),
        ({"QualificationTypeId": LOCALE, "Comparator": "LessThan", "LocaleValues": [{"Country": "US"}]}, "no order"),
        ({"QualificationTypeId": LOCALE, "Comparator": "In", "LocaleValues": [{"Country": "US"}] * 31}, "1 to 30"),
        ({"QualificationTypeId": LOCALE, "Comparator": "EqualTo", "LocaleValues": [{"Country": "U1"}]}, "ISO 3166"),
        (
            {
                "QualificationTypeId": LOCALE,
                "Comparator": "In",
                "LocaleValues": [{"Country": "US", "Subdivision": "PA"}, {"Country": "CA", "Subdivision": "ON"}],
            },
            "Subdivision.*United States",
        ),
    ],
)
def test_requirements_that_make_no_sense(mturk, requirement, sentence):
    with invalid(sentence):
        mturk.create_hit_type(**KIND, QualificationRequirements=[requirement])


def test_at_most_ten_requirements_and_only_of_known_types(mturk):
    known = {"QualificationTypeId": ADULT, "Comparator": "EqualTo", "IntegerValues": [1]}
    with invalid("at most 10"):
        mturk.create_hit_type(**KIND, QualificationRequirements=[known] * 11)
    with refused("QualificationTypeDoesNotExist", r"^QualificationType \[3UNKNOWN\] does not exist\."):
        mturk.create_hit_type(
            **KIND, QualificationRequirements=[{"QualificationTypeId": "3UNKNOWN", "Comparator": "Exists"}]
        )


def test_changing_the_type_of_a_hit_changes_what_it_holds(mturk, control):
    hit = new_hit(mturk, MaxAssignments=3)
    assert balance(mturk) == ("9998.20", "1.80")
    dearer = mturk.create_hit_type(**{**KIND, "Reward": "1.00", "Title": "Dearer"})["HITTypeId"]
    submitted = do(control, hit, "ATYPEONE")
    working = control.post("accept", {"HITId": hit["HITId"], "WorkerId": "ATYPETWO"})["AssignmentId"]

    mturk.update_hit_type_of_hit(HITId=hit["HITId"], HITTypeId=dearer)
    now = mturk.get_hit(HITId=hit["HITId"])["HIT"]
    assert (now["Title"], now["Reward"], now["HITTypeId"]) == ("Dearer", "1.00", dearer)
    assert now["HITGroupId"] != hit["HITGroupId"]
    # What was submitted stays at 0.60; the one being worked on and the open one hold 1.20 each.
    assert balance(mturk) == ("9997.00", "3.00")
    mturk.approve_assignment(AssignmentId=submitted)
    control.post("submit", {"AssignmentId": working, "Fields": {}})
    mturk.approve_assignment(AssignmentId=working)
    assert balance(mturk) == ("9997.00", "1.20")


def test_a_lower_reward_does_not_touch_who_is_working_already(mturk, control):
    hit = new_hit(mturk, MaxAssignments=2, Reward="1.00")
    working = control.post("accept", {"HITId": hit["HITId"], "WorkerId": "ALOWERED"})["AssignmentId"]
    cheaper = mturk.create_hit_type(**KIND)["HITTypeId"]
    mturk.update_hit_type_of_hit(HITId=hit["HITId"], HITTypeId=cheaper)
    assert balance(mturk) == ("9998.20", "1.80")
    # Given back, the slot is worth what it costs now.
    control.post("return", {"AssignmentId": working})
    assert balance(mturk) == ("9998.80", "1.20")


def test_a_type_that_cannot_be_paid_is_not_taken_on(mturk):
    hit = new_hit(mturk)
    dear = mturk.create_hit_type(**{**KIND, "Reward": "9000.00"})["HITTypeId"]
    with refused("InsufficientFunds"):
        mturk.update_hit_type_of_hit(HITId=hit["HITId"], HITTypeId=dear)
    assert mturk.get_hit(HITId=hit["HITId"])["HIT"]["HITTypeId"] == hit["HITTypeId"]
    with invalid("HITTypeId"):
        mturk.update_hit_type_of_hit(HITId=hit["HITId"], HITTypeId="3NONE")


def test_masters_and_many_assignments_cost_their_surcharges(mturk):
    masters = [{"QualificationTypeId": MASTERS, "Comparator": "Exists"}]
    new_hit(mturk, Reward="1.00", QualificationRequirements=masters)
    assert balance(mturk)[1] == "1.25"
    mturk.create_hit_with_hit_type(
        HITTypeId=mturk.create_hit_type(**{**KIND, "Reward": "1.00"})["HITTypeId"],
        LifetimeInSeconds=60,
        MaxAssignments=10,
        Question=HTML,
    )
    assert balance(mturk)[1] == "15.25"
