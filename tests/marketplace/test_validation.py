"""Input against the service model: AWS's sentences, paths and error types. Pure, no server."""

import datetime
import json

import pytest
from botocore.model import ListShape, StructureShape

from marketplace import validation
from marketplace.errors import SerializationError, ValidationError
from marketplace.service import OPERATIONS

BONUS = {"WorkerId": "A1", "BonusAmount": "1.00", "AssignmentId": "3X", "Reason": "thanks"}
HIT_TYPE = {"AssignmentDurationInSeconds": 60, "Reward": "0.10", "Title": "t", "Description": "d"}


def told(operation: str, request: dict) -> str:
    with pytest.raises(ValidationError) as refusal:
        validation.validate(operation, request)
    assert (refusal.value.type, refusal.value.status) == ("ValidationException", 400)
    return refusal.value.message


def refused(operation: str, request: dict) -> str:
    with pytest.raises(SerializationError) as refusal:
        validation.validate(operation, request)
    assert (refusal.value.type, refusal.value.status) == ("SerializationException", 400)
    return refusal.value.message


def test_a_pattern_is_told_in_the_recorded_words():
    assert told("SendBonus", BONUS | {"BonusAmount": "0.9752"}) == (
        "1 validation error detected: Value '0.9752' at 'bonusAmount' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: ^[0-9]+(\.)?[0-9]{0,2}$"
    )


@pytest.mark.parametrize("amount", ["1.00\n", " 1.00", "1,00", "-1", "", "٣", "1e3"])
def test_patterns_match_the_whole_value(amount):
    assert "at 'bonusAmount' failed" in told("SendBonus", BONUS | {"BonusAmount": amount})


@pytest.mark.parametrize("amount", ["1", "1.", "1.5", "0.05", "00001.25"])
def test_amounts_the_pattern_allows_pass(amount):
    assert validation.validate("SendBonus", BONUS | {"BonusAmount": amount})["BonusAmount"] == amount


def test_several_violations_are_counted_and_joined():
    message = told("SendBonus", {"WorkerId": "A,B", "BonusAmount": "x", "UniqueRequestToken": "x" * 65})
    assert message.startswith("5 validation errors detected: Value null at 'assignmentId' failed to satisfy constraint")
    assert message.count("; ") == 4
    assert "Member must have length less than or equal to 64" in message


def test_a_missing_member_is_null():
    assert told("GetHIT", {}) == (
        "1 validation error detected: Value null at 'hITId' failed to satisfy constraint: Member must not be null"
    )
    assert told("GetHIT", {"HITId": None}) == told("GetHIT", {})


@pytest.mark.parametrize(
    ("size", "sentence"),
    [
        (0, "Member must have value greater than or equal to 1"),
        (101, "Member must have value less than or equal to 100"),
    ],
)
def test_ranges(size, sentence):
    assert told("ListHITs", {"MaxResults": size}).endswith(
        f"Value '{size}' at 'maxResults' failed to satisfy constraint: {sentence}"
    )


def test_lengths_count_characters_not_bytes():
    assert validation.validate("SendBonus", BONUS | {"UniqueRequestToken": "ü" * 64})
    assert "length less than or equal to 64" in told("SendBonus", BONUS | {"UniqueRequestToken": "ü" * 65})
    assert "length greater than or equal to 1" in told("ListHITs", {"NextToken": ""})


def test_enums_list_their_values():
    assert told("UpdateNotificationSettings", {"HITTypeId": "3X", "Notification": NOTIFICATION | {"Transport": "Fax"}})[
        29:
    ] == (
        "Value 'Fax' at 'notification.transport' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Email, SQS, SNS]"
    )


NOTIFICATION = {"Destination": "d", "Transport": "SQS", "Version": "2014-08-15", "EventTypes": ["Ping"]}


def test_paths_into_lists_of_structures_are_one_based():
    requirements = [
        {"QualificationTypeId": "3Q", "Comparator": "EqualTo"},
        {"QualificationTypeId": "3Q", "Comparator": "Near", "LocaleValues": [{"Country": "USA"}]},
    ]
    message = told("CreateHITType", HIT_TYPE | {"QualificationRequirements": requirements})
    assert "Value 'Near' at 'qualificationRequirements.2.member.comparator' failed" in message
    assert "Value 'USA' at 'qualificationRequirements.2.member.localeValues.1.member.country' failed" in message
    assert message.startswith("2 validation errors")


def test_lists_of_plain_values_quote_the_whole_list():
    assert told("ListAssignmentsForHIT", {"HITId": "3X", "AssignmentStatuses": ["Submitted", "Lost"]}).endswith(
        "Value '[Submitted, Lost]' at 'assignmentStatuses' failed to satisfy constraint: Member must satisfy "
        "constraint: [Member must satisfy enum value set: [Submitted, Approved, Rejected]]"
    )
    assert "at 'workerIds'" in told("NotifyWorkers", {"Subject": "s", "MessageText": "m", "WorkerIds": ["a1"]})
    assert "Value null at 'workerIds.1.member'" in told(
        "NotifyWorkers", {"Subject": "s", "MessageText": "m", "WorkerIds": [None]}
    )


@pytest.mark.parametrize(
    ("operation", "request_", "says"),
    [
        ("GetHIT", {"HITId": 3}, "NUMBER_VALUE can not be converted to a String at 'hITId'"),
        ("GetHIT", {"HITId": ["3"]}, "START_ARRAY can not be converted to a String at 'hITId'"),
        ("ListHITs", {"MaxResults": "10"}, "STRING_VALUE can not be converted to an Integer at 'maxResults'"),
        ("ListHITs", {"MaxResults": True}, "BOOLEAN_VALUE can not be converted to an Integer at 'maxResults'"),
        ("ListHITs", {"MaxResults": 1.5}, "NUMBER_VALUE can not be converted to an Integer at 'maxResults'"),
        ("ListHITs", {"MaxResults": 2**31}, "NUMBER_VALUE can not be converted to an Integer at 'maxResults'"),
        ("CreateHITType", {"AutoApprovalDelayInSeconds": 2**63}, "to a Long at 'autoApprovalDelayInSeconds'"),
        ("ApproveAssignment", {"OverrideRejection": "true"}, "to a Boolean at 'overrideRejection'"),
        ("CreateHITType", {"QualificationRequirements": {}}, "to a list at 'qualificationRequirements'"),
        ("CreateHITType", {"QualificationRequirements": ["x"]}, "at 'qualificationRequirements.1.member'"),
        ("UpdateExpirationForHIT", {"ExpireAt": "tomorrow"}, "to a Timestamp at 'expireAt'"),
        ("UpdateExpirationForHIT", {"ExpireAt": 1e300}, "to a Timestamp at 'expireAt'"),
        ("UpdateExpirationForHIT", {"ExpireAt": True}, "to a Timestamp at 'expireAt'"),
        ("GetHIT", {"HITId": "\ud800"}, "not valid Unicode"),
    ],
)
def test_wrong_json_types_are_serialization_errors(operation, request_, says):
    assert says in refused(operation, request_)


@pytest.mark.parametrize("given", [1558644599, 1558644599.0, "2019-05-23T20:49:59Z", "2019-05-23T22:49:59+02:00"])
def test_timestamps_as_numbers_and_text_are_aware_utc(given):
    got = validation.validate("UpdateExpirationForHIT", {"HITId": "3X", "ExpireAt": given})["ExpireAt"]
    assert got == datetime.datetime(2019, 5, 23, 20, 49, 59, tzinfo=datetime.UTC)
    assert got.utcoffset() == datetime.timedelta(0)


def test_unknown_members_are_ignored_and_nulls_dropped():
    given = {"HITId": "3X", "__proto__": {"x": 1}, "constructor": [], "Nope": None}
    assert validation.validate("GetHIT", given) == {"HITId": "3X"}
    assert validation.validate("ListHITs", {"NextToken": None}) == {}


def test_whole_floats_are_whole_numbers():
    got = validation.validate("ListHITs", {"MaxResults": 10.0})["MaxResults"]
    assert got == 10
    assert type(got) is int


def test_the_null_character_is_refused_in_any_text():
    assert "Member must not contain the null character" in told("SendBonus", BONUS | {"Reason": "a\0b"})


def test_a_refused_value_is_quoted_short_and_without_control_characters():
    message = told("GetHIT", {"HITId": "x\r\nSet-Cookie: a=b\x1b[31m" + "y" * 5000})
    assert "\r" not in message
    assert "\n" not in message
    assert "\x1b" not in message
    assert len(message) < 1200


def test_many_violations_do_not_make_an_endless_answer():
    requirements = [{"QualificationTypeId": "!", "Comparator": "!"}] * 1000
    message = told("CreateHITType", HIT_TYPE | {"QualificationRequirements": requirements})
    assert message.startswith("1000 validation errors detected: ")
    assert len(message) < 5000


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe{}",
        b'{"MaxResults": NaN}',
        b'{"MaxResults": Infinity}',
        b'{"MaxResults": ' + b"9" * 5000 + b"}",
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"[" * 100000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{} {"HITId": "3X"}',
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_what_is_not_a_json_object_is_refused(body):
    with pytest.raises(SerializationError):
        validation.parse(body)


def test_an_empty_body_is_an_empty_object():
    assert validation.parse(b"") == validation.parse(b" \n") == validation.parse(b"{}") == {}


def _depth(shape, level=1):
    if isinstance(shape, StructureShape):
        return max([level, *(_depth(member, level + 1) for member in shape.members.values())])
    return _depth(shape.member, level + 1) if isinstance(shape, ListShape) else level - 1


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_accepts_nothing_or_says_what_is_missing(name):
    required = OPERATIONS[name].input.required_members
    if required:
        assert told(name, {}).count("Member must not be null") == len(required)
    else:
        assert validation.validate(name, {}) == {}
    assert _depth(OPERATIONS[name].input) < validation.MAX_DEPTH


def test_there_are_39_operations():
    assert len(OPERATIONS) == 39


def test_a_valid_request_with_everything_comes_through_unchanged():
    request = HIT_TYPE | {
        "AutoApprovalDelayInSeconds": 2592000,
        "Keywords": "a, b",
        "QualificationRequirements": [
            {
                "QualificationTypeId": "00000000000000000071",
                "Comparator": "In",
                "LocaleValues": [{"Country": "US", "Subdivision": "NY"}],
                "IntegerValues": [-1, 0, 2**31 - 1],
                "RequiredToPreview": False,
                "ActionsGuarded": "Accept",
            }
        ],
    }
    assert validation.validate("CreateHITType", json.loads(json.dumps(request))) == request
