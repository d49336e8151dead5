"""The requirement builder: what a form says becomes what CreateHIT takes, and back; wrong rows get a sentence."""

from typing import Any

import pytest
from django.urls import reverse

from qualifications.requirements import Row, as_boto3, check, read, rows_of
from tests.cast import Lab
from tests.qualifications.test_scores import make_type
from tests.qualifications.test_worker_csv import signed_in

PERCENT, LOCALE, MASTERS = "000000000000000000L0", "00000000000000000071", "2F1QJWKUDD8XADTFD2Q0G6UTO95ALH"


@pytest.mark.parametrize(
    ("row", "made"),
    [
        (Row(PERCENT, "GreaterThanOrEqualTo", "95"), {"Comparator": "GreaterThanOrEqualTo", "IntegerValues": [95]}),
        (Row(PERCENT, "In", "90, 95;100"), {"Comparator": "In", "IntegerValues": [90, 95, 100]}),
        (
            Row(LOCALE, "In", "us-ca, DE"),
            {"Comparator": "In", "LocaleValues": [{"Country": "US", "Subdivision": "CA"}, {"Country": "DE"}]},
        ),
        (Row(MASTERS, "Exists", "forgotten"), {"Comparator": "Exists"}),
        (Row("3MINE", "DoesNotExist", "", "DiscoverPreviewAndAccept"), {"Comparator": "DoesNotExist"}),
    ],
)
def test_a_row_is_the_apis_structure_and_back(row: Row, made: dict[str, Any]) -> None:
    found, wrong = check([Row(), row], {})
    assert wrong == {}
    assert found == [{"QualificationTypeId": row.type_id, **made, "ActionsGuarded": row.guard}]
    assert check(rows_of(found), {})[0] == found
    assert eval(as_boto3(found).replace("mturk.create_hit", "dict")) == {"QualificationRequirements": found}


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (Row("", "Exists", "5"), "Choose a qualification."),
        (Row("3X", "Sideways", "5"), "Choose how it is compared."),
        (Row("3X", "EqualTo", "5", "Never"), "Choose what others are kept from."),
        (Row(PERCENT, "EqualTo", "101"), "from 0 to 100"),
        (Row(PERCENT, "EqualTo", "many"), "“many” is no whole number"),
        (Row(PERCENT, "EqualTo", ""), "Say with what it is compared"),
        (Row(PERCENT, "LessThan", "5, 6"), "takes one value"),
        (Row(PERCENT, "In", ",".join(map(str, range(16)))), "15 is the most"),
        (Row(LOCALE, "GreaterThan", "US"), "Places have no order"),
        (Row(LOCALE, "EqualTo", "Texas"), "is no place"),
        (Row(LOCALE, "EqualTo", "DE-BY"), "Write DE."),
        (Row(MASTERS, "EqualTo", "1"), "Masters have it or do not"),
        (Row("../x", "Exists"), "Choose a qualification."),
    ],
)
def test_what_the_api_would_refuse_gets_a_sentence(row: Row, sentence: str) -> None:
    found, wrong = check([row], {})
    assert found == []
    assert sentence in wrong[0]


def test_a_form_is_read_up_to_ten_rows_and_twice_the_same_is_said() -> None:
    said = {f"requirement-{n}-type": PERCENT for n in range(12)} | {"requirement-0-values": "5" * 5000}
    rows = read(said)
    assert len(rows) == 10
    assert len(rows[0].values) == 1000
    same = Row("3X", "Exists")
    assert check([same, same], {})[1] == {1: "This stands there twice; once is enough."}
    assert rows_of([None, {"QualificationTypeId": 3, "IntegerValues": None}, "x"])[0].type_id == "3"


def test_the_builder_adds_removes_and_shows_and_the_marketplace_takes_it(lab: Lab) -> None:
    kind = make_type(lab, "<b>Eyes</b>")
    client, url = signed_in(lab, "viewer"), reverse("requirements", args=[lab.account.slug])
    said = {
        "requirement-0-type": kind.qualification_type_id, "requirement-0-comparator": "LessThan",
        "requirement-0-values": "80", "requirement-0-guard": "PreviewAndAccept",
        "requirement-1-type": LOCALE, "requirement-1-comparator": "In", "requirement-1-values": "US-CA, DE",
    }  # fmt: skip
    more = client.post(url, {**said, "add": "1"}, headers={"HX-Request": "true"})
    assert b'name="requirement-2-type"' in more.content
    assert b"<html" not in more.content
    less = client.post(url, {**said, "remove": "0"}).content.decode()
    assert 'value="US-CA, DE"' in less
    assert "requirement-1-type" not in less
    shown = client.post(url, said)
    assert shown.status_code == 200
    assert b"<b>Eyes" not in shown.content
    lab.hit(QualificationRequirements=shown.context["builder"].requirements)
    wrong = client.post(url, {**said, "requirement-0-values": "eighty"})
    assert wrong.status_code == 422
    assert "“eighty” is no whole number" in wrong.content.decode()
