"""Making, changing, reading and searching qualification types."""

import re
import uuid

import pytest

from tests.marketplace.making import (
    ANSWER_KEY,
    EXTERNAL,
    FORM,
    TEST,
    invalid,
    new_tested_type,
    new_type,
    refused,
)

LOCALE = "00000000000000000071"
SYSTEM = {
    "00000000000000000040", "000000000000000000L0", LOCALE, "00000000000000000060",
    "2F1QJWKUDD8XADTFD2Q0G6UTO95ALH", "2ARFPLSP75KLA8M8DH1HTEQVJT3SY6",
}  # fmt: skip


def get(mturk, kind):
    return mturk.get_qualification_type(QualificationTypeId=kind["QualificationTypeId"])["QualificationType"]


def names(mturk, **wanted):
    answer = mturk.list_qualification_types(**{"MustBeRequestable": True, "MustBeOwnedByCaller": True, **wanted})
    assert answer["NumResults"] == len(answer["QualificationTypes"])
    return [kind["Name"] for kind in answer["QualificationTypes"]]


def test_a_new_type_answers_what_it_was_given(mturk, control):
    before = control.now()
    kind = new_type(mturk, Keywords="bread, waiting", RetryDelayInSeconds=60)
    assert re.fullmatch("3[A-Z0-9]{29}", kind["QualificationTypeId"])
    assert before <= kind["CreationTime"].timestamp() <= control.now()
    assert {name: kind[name] for name in kind if name not in ("QualificationTypeId", "CreationTime")} == {
        "Name": "Patience",
        "Description": "Waits for bread",
        "Keywords": "bread, waiting",
        "QualificationTypeStatus": "Active",
        "RetryDelayInSeconds": 60,
        "IsRequestable": True,
        "AutoGranted": False,
    }
    assert get(mturk, kind) == kind


def test_test_and_answer_key_come_back_byte_for_byte(mturk):
    kind = new_tested_type(mturk, TestDurationInSeconds=900)
    assert (kind["Test"], kind["AnswerKey"], kind["TestDurationInSeconds"]) == (TEST, ANSWER_KEY, 900)
    assert get(mturk, kind) == kind


@pytest.mark.parametrize(("value", "granted"), [(None, 1), (0, 0), (-7, -7)])
def test_an_auto_granted_type_says_its_value(mturk, value, granted):
    given = {} if value is None else {"AutoGrantedValue": value}
    kind = new_type(mturk, AutoGranted=True, **given)
    assert (kind["AutoGranted"], kind["AutoGrantedValue"]) == (True, granted)


def test_a_name_is_used_once_by_a_requester(mturk, marketplace, access_key):
    new_type(mturk)
    with refused(
        "QualificationTypeAlreadyExists",
        r"^You have already created a QualificationType with this name\. A QualificationType's name must be unique "
        r"among all of the QualificationTypes created by the same user\.",
    ):
        new_type(mturk)
    new_type(mturk, Name="patience")  # another name
    new_type(marketplace.client(f"{access_key}B"))  # another requester


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"Name": ""}, "Name has a minimum length of 1"),
        ({"Name": "n" * 201}, "Name has a maximum length of 200"),
        ({"Name": "bell \x07"}, r"U\+0007"),
        ({"Description": "d" * 2001}, "Description has a maximum length of 2000"),
        ({"Keywords": "k" * 1001}, "Keywords has a maximum length of 1000"),
        ({"RetryDelayInSeconds": -1}, "The value -1 is invalid for RetryDelayInSeconds"),
        ({"Test": TEST}, "A Test needs TestDurationInSeconds"),
        ({"Test": TEST, "TestDurationInSeconds": 0}, "The value 0 is invalid for TestDurationInSeconds"),
        ({"AnswerKey": ANSWER_KEY}, "An AnswerKey needs a Test"),
        ({"Test": TEST, "TestDurationInSeconds": 60, "AutoGranted": True}, "both a Test and AutoGranted"),
        ({"Test": EXTERNAL, "TestDurationInSeconds": 60}, "ExternalQuestion"),
        ({"Test": "what?", "TestDurationInSeconds": 60}, "parsing the XML question or answer data"),
        ({"Test": f'<!DOCTYPE a [<!ENTITY b "c">]>{TEST}', "TestDurationInSeconds": 60}, "DOCTYPE"),
        ({"Test": TEST, "TestDurationInSeconds": 60, "AnswerKey": "<AnswerKey/>"}, "namespace"),
        ({"Test": FORM, "TestDurationInSeconds": 60, "AnswerKey": ANSWER_KEY}, "multiple-choice"),
        ({"Test": TEST, "TestDurationInSeconds": 60, "AnswerKey": ANSWER_KEY.replace(">3<", ">x<")}, "AnswerScore"),
        ({"Test": TEST.replace("?", "?" * 65_535), "TestDurationInSeconds": 60}, "65535"),
    ],
)
def test_a_type_that_makes_no_sense_is_refused_and_not_made(mturk, given, sentence):
    with invalid(sentence):
        new_type(mturk, **given)
    assert names(mturk) == []


def test_an_unknown_status_breaks_the_model(wire):
    given = {"Name": "n", "Description": "d", "QualificationTypeStatus": "Disposing"}
    assert wire.call("CreateQualificationType", given).json["__type"] == "ValidationException"


def test_an_update_changes_what_it_names_and_nothing_else(mturk):
    kind = new_type(mturk, Keywords="k", RetryDelayInSeconds=60)
    whose = {"QualificationTypeId": kind["QualificationTypeId"]}
    changed = mturk.update_qualification_type(**whose, QualificationTypeStatus="Inactive")["QualificationType"]
    assert changed == {**kind, "QualificationTypeStatus": "Inactive"}
    changed = mturk.update_qualification_type(
        **whose, Description="new", RetryDelayInSeconds=0, QualificationTypeStatus="Active", AutoGranted=True
    )["QualificationType"]
    expected = {**kind, "Description": "new", "RetryDelayInSeconds": 0, "AutoGranted": True, "AutoGrantedValue": 1}
    assert changed == expected == get(mturk, kind)
    assert names(mturk, Query="NEW") == ["Patience"]  # found by the new description


def test_retries_can_be_enabled_and_changed_but_not_disabled(mturk):
    kind = new_type(mturk)
    whose = {"QualificationTypeId": kind["QualificationTypeId"]}
    assert "RetryDelayInSeconds" not in kind
    assert mturk.update_qualification_type(**whose, RetryDelayInSeconds=5)["QualificationType"] == {
        **kind,
        "RetryDelayInSeconds": 5,
    }
    # Leaving it out is no way to switch it off.
    assert mturk.update_qualification_type(**whose, Description="d")["QualificationType"]["RetryDelayInSeconds"] == 5
    with invalid("The value -1 is invalid for RetryDelayInSeconds"):
        mturk.update_qualification_type(**whose, RetryDelayInSeconds=-1)
    assert get(mturk, kind)["RetryDelayInSeconds"] == 5


def test_a_test_is_updated_as_a_whole(mturk):
    kind = new_tested_type(mturk)
    whose = {"QualificationTypeId": kind["QualificationTypeId"]}
    with invalid("A Test needs TestDurationInSeconds"):
        mturk.update_qualification_type(**whose, Test=TEST)
    with invalid("An AnswerKey needs a Test"):
        mturk.update_qualification_type(**whose, AnswerKey=ANSWER_KEY)
    with invalid("TestDurationInSeconds cannot be changed alone"):
        mturk.update_qualification_type(**whose, TestDurationInSeconds=5)
    with invalid("both a Test and AutoGranted"):
        mturk.update_qualification_type(**whose, AutoGranted=True)
    assert get(mturk, kind) == kind
    # Without an AnswerKey the updated test has none.
    changed = mturk.update_qualification_type(**whose, Test=FORM, TestDurationInSeconds=5)["QualificationType"]
    assert (changed["Test"], changed["TestDurationInSeconds"]) == (FORM, 5)
    assert "AnswerKey" not in changed


def test_a_test_can_be_added_unless_the_type_is_auto_granted(mturk):
    kind = new_type(mturk, AutoGranted=True)
    whose = {"QualificationTypeId": kind["QualificationTypeId"]}
    with invalid("both a Test and AutoGranted"):
        mturk.update_qualification_type(**whose, Test=TEST, TestDurationInSeconds=5)
    changed = mturk.update_qualification_type(**whose, Test=TEST, TestDurationInSeconds=5, AutoGranted=False)
    assert changed["QualificationType"]["Test"] == TEST
    assert "AutoGrantedValue" not in changed["QualificationType"]


def test_a_name_and_keywords_cannot_be_changed(mturk, wire):
    kind = new_type(mturk, Keywords="k")
    given = {"QualificationTypeId": kind["QualificationTypeId"], "Name": "Haste", "Keywords": "x", "Description": "d"}
    wire.call("UpdateQualificationType", given)
    assert (get(mturk, kind)["Name"], get(mturk, kind)["Keywords"]) == ("Patience", "k")


def test_a_search_looks_for_a_part_of_any_text_in_any_case(mturk):
    new_type(mturk, Name="English writing", Description="Texts", Keywords="ÉCRITURE")
    new_type(mturk, Name="Counting", Description="100% of sheep_")
    assert names(mturk) == ["English writing", "Counting"]
    for query, found in {
        "WRIT": ["English writing"],
        "text": ["English writing"],
        "écri": ["English writing"],
        "ing": ["English writing", "Counting"],
        "100%": ["Counting"],
        "0_": [],
        "sheep_": ["Counting"],
        "nothing of that": [],
        "": ["English writing", "Counting"],
    }.items():
        assert names(mturk, Query=query) == found, query


def test_whose_types_are_listed(mturk, marketplace, access_key):
    word = uuid.uuid4().hex
    other = marketplace.client(f"{access_key}B")
    new_type(mturk, Name=f"mine {word}")
    new_type(mturk, Name=f"my sleeping {word}", QualificationTypeStatus="Inactive")
    theirs = new_tested_type(other, Name=f"theirs {word}")
    new_type(other, Name=f"their sleeping {word}", QualificationTypeStatus="Inactive")
    assert names(mturk, Query=word) == [f"mine {word}", f"my sleeping {word}"]
    answer = mturk.list_qualification_types(MustBeRequestable=True, Query=word)
    assert [kind["Name"] for kind in answer["QualificationTypes"]] == [
        f"mine {word}", f"my sleeping {word}", f"theirs {word}",
    ]  # fmt: skip
    # What others ask and what they take for right is theirs to know.
    assert answer["QualificationTypes"][2] == {
        name: value for name, value in theirs.items() if name not in ("Test", "AnswerKey")
    }


def test_types_of_the_system_are_listed_where_they_need_not_be_requestable(mturk):
    def found(**wanted):
        return mturk.list_qualification_types(MaxResults=100, **wanted)["QualificationTypes"]

    system = [kind for kind in found(MustBeRequestable=False) if not kind["IsRequestable"]]
    assert {kind["QualificationTypeId"] for kind in system} == SYSTEM
    assert [kind["QualificationTypeId"] for kind in found(MustBeRequestable=False, Query="worker_loc")] == [LOCALE]
    assert all(kind["IsRequestable"] for kind in found(MustBeRequestable=True))
    assert found(MustBeRequestable=False, MustBeOwnedByCaller=True) == []
    one = mturk.get_qualification_type(QualificationTypeId=LOCALE)["QualificationType"]
    assert one in system
    assert (one["Name"], one["QualificationTypeStatus"]) == ("Worker_Locale", "Active")


def test_pages_of_types_come_one_after_the_other_over_the_systems_and_the_requesters(mturk):
    for number in range(5):
        new_type(mturk, Name=f"Kind {number}")
    own = [kind["Name"] for page in pages(mturk, MustBeRequestable=True, MustBeOwnedByCaller=True) for kind in page]
    assert own == [f"Kind {number}" for number in range(5)]
    answer = mturk.list_qualification_types(MustBeRequestable=False, MaxResults=4)
    after = mturk.list_qualification_types(MustBeRequestable=False, MaxResults=4, NextToken=answer["NextToken"])
    listed = [kind["QualificationTypeId"] for kind in answer["QualificationTypes"] + after["QualificationTypes"]]
    assert set(listed[:6]) == SYSTEM
    assert len(set(listed)) == 8
    with invalid("NextToken is not valid here"):
        mturk.list_qualification_types(MustBeRequestable=True, NextToken=answer["NextToken"])


@pytest.mark.parametrize("query", ["x" * 60_000, "%" * 9_000, "_\\" * 30_000, "\N{UNICORN FACE}" * 50_000])
def test_a_query_longer_than_any_text_finds_nothing(mturk, query):
    new_type(mturk)
    assert mturk.list_qualification_types(MustBeRequestable=False, Query=query)["QualificationTypes"] == []


def pages(mturk, **wanted):
    """The pages of a list, two rows each."""
    token, found = {}, []
    while True:
        answer = mturk.list_qualification_types(MaxResults=2, **wanted, **token)
        assert answer["NumResults"] == len(answer["QualificationTypes"]) <= 2
        if not answer["NumResults"]:
            assert "NextToken" not in answer
            return found
        found.append(answer["QualificationTypes"])
        token = {"NextToken": answer["NextToken"]}


@pytest.mark.parametrize(
    "operation", ["get_qualification_type", "update_qualification_type", "delete_qualification_type"]
)
def test_anothers_type_and_an_unknown_one_do_not_exist(mturk, marketplace, access_key, operation):
    kind = new_type(marketplace.client(f"{access_key}B"))
    for type_id in (kind["QualificationTypeId"], "3UNKNOWN"):
        with refused("QualificationTypeDoesNotExist", rf"^QualificationType \[{type_id}\] does not exist\."):
            getattr(mturk, operation)(QualificationTypeId=type_id)
    assert get(marketplace.client(f"{access_key}B"), kind) == kind


def test_nobody_changes_what_is_the_systems(mturk):
    with refused("PermissionDeniedException", "^This user is not authorized to perform the requested operation"):
        mturk.update_qualification_type(QualificationTypeId=LOCALE, Description="mine")
    with refused("PermissionDeniedException", "Worker_Locale belongs to the marketplace"):
        mturk.delete_qualification_type(QualificationTypeId=LOCALE)
