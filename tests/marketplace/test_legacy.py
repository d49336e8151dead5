"""The API before 2017: RegisterHITType by GET and form in XML, everything else closed as AWS closed it."""

import base64
import datetime
import hashlib
import hmac
from urllib.parse import quote, urlencode

import pytest
from lxml import etree

from tests import servers
from tests.marketplace.conftest import Control, send

# The reference's own example, with its way of writing the reward.
EXAMPLE = {
    "Title": "Location and Photograph Identification",
    "Description": "Select the image that best represents...",
    "Reward.1.Amount": "5",
    "Reward.1.CurrencyCode": "USD",
    "AssignmentDurationInSeconds": "30",
    "Keywords": "location, photograph, image, identification, opinion",
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CLOSED = "This Requester API is no longer supported. Please use the latest API using the official AWS SDK."


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A marketplace that verifies signatures."""
    with servers.marketplace(tmp_path_factory.mktemp("legacy-strict"), "--strict") as running:
        yield running


def sign(secret, operation, timestamp):
    """Reckoned here a second time, by the recipe of the old documentation."""
    text = "AWSMechanicalTurkRequester" + operation + timestamp
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()


def call(url, *, method="GET", path="/", operation="RegisterHITType", key="AKIALEGACY", **changes):
    """(status, document); a parameter that is None is left out, `_` in a name is a dot."""
    given = {
        "Service": "AWSMechanicalTurkRequester",
        "AWSAccessKeyId": key,
        "Version": "2017-01-17",
        "Operation": operation,
        "Timestamp": "2026-01-31T23:59:59Z",
        "Signature": "anything",
        **EXAMPLE,
        **{name.replace("_", "."): value for name, value in changes.items()},
    }
    text = urlencode({name: value for name, value in given.items() if value is not None}, quote_via=quote)
    reply = send(url, method, path, text, FORM) if method == "POST" else send(url, method, f"{path}?{text}")
    assert reply.headers["content-type"].startswith("text/xml")
    return reply.status, etree.fromstring(reply.body)


def outline(element):
    """A document as nested tuples, to compare whole."""
    return (element.tag, *map(outline, element)) if len(element) else (element.tag, element.text)


def error_of(root):
    return root.findtext(".//Error/Code"), root.findtext(".//Error/Message")


def test_a_hit_type_is_registered_and_answered_as_the_reference_shows(marketplace, access_key, mturk):
    status, root = call(marketplace.url, key=access_key)
    hit_type_id = root.findtext("HITTypeId")
    assert status == 200
    assert outline(root) == (
        "RegisterHITTypeResult",
        ("Request", ("IsValid", "True")),
        ("HITTypeId", hit_type_id),
    )
    # It is the requester's, and HITs can be made of it with the new API.
    hit = mturk.create_hit_with_hit_type(HITTypeId=hit_type_id, LifetimeInSeconds=60, Question=_external())["HIT"]
    assert (hit["Title"], hit["Reward"], hit["AssignmentDurationInSeconds"]) == (EXAMPLE["Title"], "5.00", 30)
    assert (hit["Keywords"], hit["AutoApprovalDelayInSeconds"]) == (EXAMPLE["Keywords"], 2_592_000)


def _external():
    return (
        '<ExternalQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2006-07-14/'
        'ExternalQuestion.xsd"><ExternalURL>https://example.org/</ExternalURL><FrameHeight>0</FrameHeight>'
        "</ExternalQuestion>"
    )


def test_the_same_values_are_the_same_hit_type_in_both_apis(marketplace, access_key, mturk):
    first = call(marketplace.url, key=access_key)[1].findtext("HITTypeId")
    assert call(marketplace.url, key=access_key, method="POST")[1].findtext("HITTypeId") == first
    assert call(marketplace.url, key=access_key, path="/onca/xml")[1].findtext("HITTypeId") == first
    made = mturk.create_hit_type(
        Title=EXAMPLE["Title"],
        Description=EXAMPLE["Description"],
        Reward="5.00",
        AssignmentDurationInSeconds=30,
        Keywords=EXAMPLE["Keywords"],
    )
    assert made["HITTypeId"] == first
    assert call(marketplace.url, key=access_key, Title="Another")[1].findtext("HITTypeId") != first
    assert call(marketplace.url, key="AKIASOMEBODYELSE")[1].findtext("HITTypeId") != first


def test_the_service_may_stand_in_the_address_and_the_rest_in_a_form(marketplace, access_key):
    """How PHP's classes send it."""
    body = urlencode({"Operation": "RegisterHITType", "AWSAccessKeyId": access_key, **EXAMPLE})
    reply = send(marketplace.url, "POST", "/?Service=AWSMechanicalTurkRequester", body, FORM)
    assert etree.fromstring(reply.body).findtext("HITTypeId")


def test_an_older_version_has_its_result_inside_a_response(marketplace):
    _, root = call(marketplace.url, Version="2014-08-15")
    assert root.tag == "RegisterHITTypeResponse"
    assert root.findtext("OperationRequest/RequestId")
    assert root.findtext("RegisterHITTypeResult/Request/IsValid") == "True"
    assert root.findtext("RegisterHITTypeResult/HITTypeId")


def test_qualification_requirements_in_the_old_notation(marketplace, access_key, mturk):
    _, root = call(
        marketplace.url,
        key=access_key,
        **{
            "QualificationRequirement.1.QualificationTypeId": "00000000000000000040",
            "QualificationRequirement.1.Comparator": "GreaterThan",
            "QualificationRequirement.1.IntegerValue": "100",
            "QualificationRequirement.2.QualificationTypeId": "00000000000000000071",
            "QualificationRequirement.2.Comparator": "In",
            "QualificationRequirement.2.LocaleValue.1.Country": "US",
            "QualificationRequirement.2.LocaleValue.1.Subdivision": "CA",
            "QualificationRequirement.2.LocaleValue.2.Country": "IN",
            "QualificationRequirement.2.RequiredToPreview": "true",
            "QualificationRequirement.10.QualificationTypeId": "00000000000000000071",
            "QualificationRequirement.10.Comparator": "NotEqualTo",
            "QualificationRequirement.10.LocaleValue.Country": "FR",
        },
    )
    hit_type_id = root.findtext("HITTypeId")
    hit = mturk.create_hit_with_hit_type(HITTypeId=hit_type_id, LifetimeInSeconds=60, Question=_external())["HIT"]
    assert [
        {name: value for name, value in requirement.items() if name not in ("ActionsGuarded", "RequiredToPreview")}
        for requirement in hit["QualificationRequirements"]
    ] == [
        {"QualificationTypeId": "00000000000000000040", "Comparator": "GreaterThan", "IntegerValues": [100]},
        {
            "QualificationTypeId": "00000000000000000071",
            "Comparator": "In",
            "LocaleValues": [{"Country": "US", "Subdivision": "CA"}, {"Country": "IN"}],
        },
        {
            "QualificationTypeId": "00000000000000000071",
            "Comparator": "NotEqualTo",
            "LocaleValues": [{"Country": "FR"}],
        },
    ]
    assert [part["RequiredToPreview"] for part in hit["QualificationRequirements"]] == [False, True, False]


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"Title": None}, "AWS.MissingParameters", "Required parameters include Title."),
        ({"Title": None, "Reward_1_Amount": None}, "AWS.MissingParameters", "Title, Reward.1.Amount"),
        ({"Title": "t" * 129}, "AWS.MechanicalTurk.InvalidParameterValue", "maximum length of 128"),
        ({"Description": "d" * 2001}, "AWS.MechanicalTurk.InvalidParameterValue", "Description"),
        ({"Keywords": "k" * 1001}, "AWS.MechanicalTurk.InvalidParameterValue", "Keywords"),
        ({"AssignmentDurationInSeconds": "29"}, "AWS.MechanicalTurk.InvalidParameterValue", "from 30 to"),
        ({"AssignmentDurationInSeconds": "soon"}, "AWS.MechanicalTurk.InvalidParameterValue", '"soon" is not valid'),
        ({"AutoApprovalDelayInSeconds": "2592001"}, "AWS.MechanicalTurk.InvalidParameterValue", "AutoApprovalDelay"),
        ({"Reward_1_Amount": "0.005"}, "AWS.MechanicalTurk.InvalidParameterValue", "reward"),
        ({"Reward_1_CurrencyCode": "EUR"}, "AWS.MechanicalTurk.InvalidParameterValue", "USD"),
        (
            {"QualificationRequirement_1_Comparator": "Exists"},
            "AWS.MechanicalTurk.InvalidParameterValue",
            "qualificationTypeId",
        ),
        ({"Title": "<b>&\x07"}, "AWS.MechanicalTurk.InvalidParameterValue", "U+0007"),
    ],
)
@pytest.mark.parametrize("version", ["2017-01-17", "2014-08-15"])
def test_what_is_wrong_is_told_inside_the_result(marketplace, access_key, changes, code, sentence, version):
    status, root = call(marketplace.url, key=access_key, Version=version, **changes)
    result = root if version == "2017-01-17" else root.find("RegisterHITTypeResult")
    assert (status, result.tag, result.findtext("Request/IsValid")) == (200, "RegisterHITTypeResult", "False")
    assert root.findtext(".//HITTypeId") is None
    assert error_of(root)[0] == code
    assert sentence in error_of(root)[1]


@pytest.mark.parametrize("operation", ["CreateHIT", "GetAccountBalance", "Help", "registerhittype", ""])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_other_operation_is_closed_in_the_words_of_the_service(marketplace, operation, method):
    status, root = call(marketplace.url, operation=operation, method=method)
    assert status == 403
    assert [child.tag for child in root] == ["Errors", "RequestID"]
    code, message = error_of(root)
    assert (root.tag, code) == ("Response", "Forbidden")
    assert message.startswith(CLOSED)
    assert "The latest version of our API ('2017-01-17')" in message


def test_a_closed_operation_does_nothing(marketplace, access_key, control):
    call(marketplace.url, key=access_key, operation="CreateHIT")
    assert [entry for entry in control.get("ledger") if entry["requester"] == access_key] == []


def test_without_a_key_or_with_an_impossible_one_nothing_is_done(marketplace):
    for key, code in ((None, "AWS.MissingParameters"), ("", "AWS.MissingParameters"), ("a b", "AWS.NotAuthorized")):
        status, root = call(marketplace.url, key=key)
        assert (status, root.tag) == (403, "RegisterHITTypeResponse")
        assert root.findtext("OperationRequest/Errors/Error/Code") == code


def test_strict_wants_the_signature_of_the_account(strict):
    account = Control(strict).post("accounts", {"name": "old hand"})
    key, secret = account["AccessKeyId"], account["SecretAccessKey"]
    now = datetime.datetime.now(datetime.UTC)

    def attempt(at=now, secret=secret, key=key, signature=None, **changes):
        stamp = changes.pop("Timestamp", f"{at:%Y-%m-%dT%H:%M:%SZ}")
        signed = sign(secret, "RegisterHITType", stamp) if signature is None else signature
        status, root = call(strict.url, key=key, Timestamp=stamp, Signature=signed, **changes)
        return status, root.findtext(".//HITTypeId") or error_of(root)[0]

    status, hit_type_id = attempt()
    assert (status, len(hit_type_id)) == (200, 30)
    assert attempt(method="POST") == (200, hit_type_id)
    assert attempt(Timestamp=f"{now:%Y-%m-%dT%H:%M:%S.123Z}") == (200, hit_type_id)
    assert attempt(secret="wrong") == (403, "AWS.NotAuthorized")
    assert attempt(signature="") == (403, "AWS.NotAuthorized")
    assert attempt(signature=sign(secret, "CreateHIT", f"{now:%Y-%m-%dT%H:%M:%SZ}")) == (403, "AWS.NotAuthorized")
    assert attempt(key="AKIANOBODYKNOWSTHIS") == (403, "AWS.NotAuthorized")
    assert attempt(key="AKIANOBODYKNOWSTHIS", secret="") == (403, "AWS.NotAuthorized")
    assert attempt(now - datetime.timedelta(minutes=16)) == (403, "RequestExpired")
    assert attempt(now + datetime.timedelta(minutes=16)) == (403, "AWS.BadClaimsSupplied")
    assert attempt(Timestamp="yesterday") == (403, "AWS.BadClaimsSupplied")
    assert attempt(now - datetime.timedelta(minutes=14))[0] == 200


def test_a_plus_sign_that_was_not_encoded_is_still_one(strict):
    account = Control(strict).post("accounts", {"name": "plus"})
    now = datetime.datetime.now(datetime.UTC)
    stamps = (f"{now - datetime.timedelta(seconds=back):%Y-%m-%dT%H:%M:%SZ}" for back in range(600))
    stamp = next(stamp for stamp in stamps if "+" in sign(account["SecretAccessKey"], "RegisterHITType", stamp))
    signed = sign(account["SecretAccessKey"], "RegisterHITType", stamp).replace("+", " ")
    assert call(strict.url, key=account["AccessKeyId"], Timestamp=stamp, Signature=signed)[0] == 200


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("Service=AWSMechanicalTurkRequester&" + "&".join(f"a{number}=1" for number in range(600)), None),
        ("Service=AWSMechanicalTurkRequester&Operation=RegisterHITType&%ff%fe=%00&Title=%00", None),
        ("Service=AWSMechanicalTurkRequester", "Operation=RegisterHITType&Title=" + "x" * 1_100_000),
        ("Service=AWSMechanicalTurkRequester", b"\xff\xfe\x00&&&==%%"),
    ],
)
def test_hostile_requests_get_xml_and_leave_nothing(marketplace, query, body):
    reply = send(marketplace.url, "GET" if body is None else "POST", f"/?{query}", body, body and FORM)
    assert reply.status in (200, 400, 403)
    root = etree.fromstring(reply.body)
    assert root.findtext(".//Error/Code")
    assert root.findtext(".//HITTypeId") is None


def test_the_front_page_is_still_a_page(marketplace):
    assert b"<h1>HITdesk marketplace</h1>" in send(marketplace.url, "GET", "/").body
    assert send(marketplace.url, "PUT", "/?Service=AWSMechanicalTurkRequester").status == 404
