"""HITs to test with, workers who do them, and errors to expect."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import botocore.exceptions
import pytest

SCHEMAS = "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/"
ANSWERS = f"{SCHEMAS}2005-10-01/QuestionFormAnswers.xsd"
HTML = f"""<HTMLQuestion xmlns="{SCHEMAS}2011-11-11/HTMLQuestion.xsd">
  <HTMLContent><![CDATA[<!DOCTYPE html><html><body>
    <form><input name="x"></form> \u00e9\u2713 </body></html>]]></HTMLContent>
  <FrameHeight>600</FrameHeight>
</HTMLQuestion>"""
EXTERNAL = f"""<?xml version="1.0" encoding="UTF-8"?>
<ExternalQuestion xmlns="{SCHEMAS}2006-07-14/ExternalQuestion.xsd">
  <ExternalURL>https://tasks.example.org/do?a=1&amp;b=2</ExternalURL><FrameHeight>0</FrameHeight>
</ExternalQuestion>"""
FORM = f"""<QuestionForm xmlns="{SCHEMAS}2005-10-01/QuestionForm.xsd">
  <Overview><Title>About fruit</Title><Text>Two questions.</Text></Overview>
  <Question>
    <QuestionIdentifier>why</QuestionIdentifier><DisplayName>Why</DisplayName><IsRequired>true</IsRequired>
    <QuestionContent><Text>Why do you like it?</Text><List><ListItem>be brief</ListItem></List></QuestionContent>
    <AnswerSpecification><FreeTextAnswer/></AnswerSpecification>
  </Question>
  <Question>
    <QuestionIdentifier>fruit</QuestionIdentifier>
    <QuestionContent><FormattedContent><![CDATA[Which <b>fruit</b>?]]></FormattedContent></QuestionContent>
    <AnswerSpecification><SelectionAnswer>
      <MinSelectionCount>1</MinSelectionCount><MaxSelectionCount>2</MaxSelectionCount>
      <StyleSuggestion>checkbox</StyleSuggestion>
      <Selections>
        <Selection><SelectionIdentifier>a</SelectionIdentifier><Text>Apple</Text></Selection>
        <Selection><SelectionIdentifier>p</SelectionIdentifier><Text>Pear</Text></Selection>
        <Selection><SelectionIdentifier>z</SelectionIdentifier><Binary><MimeType><Type>image</Type></MimeType>
          <DataURL>https://pictures.example.org/z.png</DataURL><AltText>A zucchini</AltText></Binary></Selection>
        <OtherSelection/>
      </Selections>
    </SelectionAnswer></AnswerSpecification>
  </Question>
</QuestionForm>"""
KIND = {"Title": "Compare", "Description": "Compare two pictures", "Reward": "0.50", "AssignmentDurationInSeconds": 600}


def new_hit(mturk: Any, **changes: Any) -> dict[str, Any]:
    """A HIT of one assignment that lives an hour, as CreateHIT answers it."""
    wanted = {**KIND, "LifetimeInSeconds": 3600, "MaxAssignments": 1, "Question": HTML, **changes}
    return mturk.create_hit(**{name: value for name, value in wanted.items() if value is not None})["HIT"]


def do(control: Any, hit: dict[str, Any], worker_id: str, **fields: Any) -> str:
    """A worker accepts a HIT and hands it in; the AssignmentId."""
    given = {"HITId": hit["HITId"], "WorkerId": worker_id, "Fields": fields or {"x": "1"}}
    return control.post("assignments", given)["AssignmentId"]


def state(mturk: Any, hit: dict[str, Any]) -> tuple[str, int, int, int]:
    """(HITStatus, pending, available, completed)."""
    now = mturk.get_hit(HITId=hit["HITId"])["HIT"]
    counts = (now[f"NumberOfAssignments{name}"] for name in ("Pending", "Available", "Completed"))
    return (now["HITStatus"], *counts)  # type: ignore[return-value]


def balance(mturk: Any) -> tuple[str, str]:
    """(available, on hold)."""
    answer = mturk.get_account_balance()
    return answer["AvailableBalance"], answer["OnHoldBalance"]


@contextlib.contextmanager
def refused(code: str, match: str = "", kind: str = "RequestError") -> Iterator[None]:
    """The call inside must fail with that TurkErrorCode (without the prefix), type and sentence."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        yield
    answer: Any = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["Error"]["Code"] == kind
    if kind == "RequestError":  # botocore drops the code of a type its model does not know
        assert answer["TurkErrorCode"] == f"AWS.MechanicalTurk.{code}"
    assert re.search(match, answer["Error"]["Message"]), answer["Error"]["Message"]


def invalid(match: str) -> contextlib.AbstractContextManager[None]:
    """The call inside must fail with a ParameterValidationError."""
    return refused("", match, "ParameterValidationError")
