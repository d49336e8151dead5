"""The description of the API: complete, valid, and true of what is answered."""

import openapi_spec_validator
import pytest
from openapi_schema_validator import OAS30Validator

from marketplace import openapi
from marketplace.service import OPERATIONS, model
from tests.marketplace.conftest import send
from tests.marketplace.making import new_hit

PREFIX = "/#X-Amz-Target=MTurkRequesterServiceV20170117."


@pytest.fixture(scope="module")
def document(marketplace):
    reply = send(marketplace.url, "GET", "/openapi.json")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    return reply.json


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def problems(document, schema, value):
    """What is wrong with a value by a schema of the document."""
    whole = {"allOf": [schema], "components": document["components"]}
    return [error.message for error in OAS30Validator(whole).iter_errors(value)]


def test_all_operations_of_the_api_are_described_and_no_other(document):
    assert set(document["paths"]) == {PREFIX + name for name in model().operation_names}
    assert len(document["paths"]) == 39
    assert document["openapi"] == "3.0.0"
    assert document["info"]["version"] == "2017-01-17"


def test_each_operation_has_the_form_of_the_public_description(document):
    for path, item in document["paths"].items():
        name, post = path.removeprefix(PREFIX), item["post"]
        assert set(item) == {"post", "parameters"}
        assert post["operationId"] == name
        assert post["summary"].replace(" ", "") == f"AmazonMechanicalTurk{name}"
        assert len(post["description"]) > 40
        assert post["parameters"] == [
            {
                "name": "X-Amz-Target",
                "in": "header",
                "required": True,
                "schema": {"type": "string", "enum": [f"MTurkRequesterServiceV20170117.{name}"]},
            }
        ]
        assert [part["$ref"].rpartition("/")[2] for part in item["parameters"]] == list(openapi.AMZ_HEADERS)
        schema = {"$ref": f"#/components/schemas/{name}Request"}
        assert post["requestBody"]["required"]
        assert post["requestBody"]["content"]["application/json"]["schema"] == schema
        said = {
            code: answer["content"]["application/json"]["schema"].get("$ref", "").rpartition("/")[2]
            for code, answer in post["responses"].items()
        }
        assert said == {
            "200": f"{name}Response",
            "400": "",
            "480": "ServiceFault",
            "481": "RequestError",
            "500": "ServiceFault",
        }


def test_everything_referred_to_is_there_and_everything_there_is_referred_to(document):
    used = set(references(document))
    offered = {
        f"#/components/{kind}/{name}" for kind in ("schemas", "parameters") for name in document["components"][kind]
    }
    assert used == offered


def test_limits_and_required_members_are_those_of_the_model(document):
    schemas = document["components"]["schemas"]
    assert schemas["CurrencyAmount"]["pattern"] == r"^[0-9]+(\.)?[0-9]{0,2}$"
    assert (schemas["ResultSize"]["minimum"], schemas["ResultSize"]["maximum"]) == (1, 100)
    assert (schemas["EntityId"]["minLength"], schemas["EntityId"]["maxLength"]) == (1, 64)
    assert schemas["AssignmentStatus"]["enum"] == ["Submitted", "Approved", "Rejected"]
    assert schemas["SendBonusRequest"]["required"] == ["WorkerId", "BonusAmount", "AssignmentId", "Reason"]
    assert schemas["HIT"]["properties"]["CreationTime"]["allOf"] == [{"$ref": "#/components/schemas/Timestamp"}]


def test_a_public_validator_finds_it_valid(document):
    openapi_spec_validator.validate(document)


def test_it_names_the_address_that_it_came_from(document, marketplace):
    assert document["servers"][0]["url"] == marketplace.url
    assert send(marketplace.url, "POST", "/openapi.json", b"{}").status == 404


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_who_follows_the_description_is_answered_as_described(document, marketplace, wire, name):
    """A call made from nothing but the document reaches the operation, and what comes back is what it says."""
    post = document["paths"][PREFIX + name]["post"]
    target = post["parameters"][0]
    headers = {
        target["name"]: target["schema"]["enum"][0],
        "Content-Type": next(iter(post["requestBody"]["content"])),
        "Authorization": wire.authorization,
    }
    reply = send(document["servers"][0]["url"], "POST", "/", b"{}", headers)
    asked = post["requestBody"]["content"]["application/json"]["schema"]
    incomplete = problems(document, asked, {}) or name == "ListBonusPayments"  # which needs one of two members
    assert reply.status == (400 if incomplete else 200), reply.body
    described = post["responses"][str(reply.status)]["content"][reply.headers["content-type"]]["schema"]
    assert problems(document, described, reply.json) == []
    assert reply.json.get("__type") != "UnknownOperationException"


def test_a_hit_is_what_the_description_says(document, mturk, wire):
    hit = new_hit(mturk, Keywords="a, b", RequesterAnnotation="note")
    body = wire.call("GetHIT", {"HITId": hit["HITId"]}).json
    schema = {"$ref": "#/components/schemas/GetHITResponse"}
    assert problems(document, schema, body) == []
    # The check can fail: each of these is noticed.
    for member, wrong in (("Reward", "1.234"), ("CreationTime", "2026-01-01"), ("HITStatus", "Odd"), ("HITId", "")):
        assert problems(document, schema, {"HIT": {**body["HIT"], member: wrong}})
