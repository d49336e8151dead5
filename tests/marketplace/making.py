"""HITs to test with, workers who do them, and errors to expect."""

import contextlib
import re
import sqlite3
import uuid
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


def assert_ends(page: dict[str, Any], call: Any, **wanted: Any) -> None:
    """Behind this page there is only an empty one, which has no token."""
    token = {"NextToken": page["NextToken"]} if page["NextToken"] else {}
    empty = call(**wanted, **token)
    assert empty["NumResults"] == 0
    assert "NextToken" not in empty


def new_hit(mturk: Any, **changes: Any) -> dict[str, Any]:
    """A HIT of one assignment that lives an hour, as CreateHIT answers it."""
    wanted = {**KIND, "LifetimeInSeconds": 3600, "MaxAssignments": 1, "Question": HTML, **changes}
    return mturk.create_hit(**{name: value for name, value in wanted.items() if value is not None})["HIT"]


TEST = f"""<QuestionForm xmlns="{SCHEMAS}2017-11-06/QuestionForm.xsd">
  <Question><QuestionIdentifier>tart</QuestionIdentifier><IsRequired>true</IsRequired>
    <QuestionContent><Text>Which one is tart?</Text></QuestionContent>
    <AnswerSpecification><SelectionAnswer><StyleSuggestion>radiobutton</StyleSuggestion><Selections>
      <Selection><SelectionIdentifier>lemon</SelectionIdentifier><Text>A lemon</Text></Selection>
      <Selection><SelectionIdentifier>honey</SelectionIdentifier><Text>Honey</Text></Selection>
    </Selections></SelectionAnswer></AnswerSpecification></Question>
  <Question><QuestionIdentifier>fruit</QuestionIdentifier>
    <QuestionContent><Text>Which are fruit?</Text></QuestionContent>
    <AnswerSpecification><SelectionAnswer><MaxSelectionCount>3</MaxSelectionCount>
    <StyleSuggestion>checkbox</StyleSuggestion><Selections>
      <Selection><SelectionIdentifier>pear</SelectionIdentifier><Text>A pear</Text></Selection>
      <Selection><SelectionIdentifier>plum</SelectionIdentifier><Text>A plum</Text></Selection>
      <Selection><SelectionIdentifier>pea</SelectionIdentifier><Text>A pea</Text></Selection>
    </Selections></SelectionAnswer></AnswerSpecification></Question>
</QuestionForm>"""
ANSWER_KEY = f"""<AnswerKey xmlns="{SCHEMAS}2005-10-01/AnswerKey.xsd">
  <Question><QuestionIdentifier>tart</QuestionIdentifier>
    <AnswerOption><SelectionIdentifier>lemon</SelectionIdentifier><AnswerScore>1</AnswerScore></AnswerOption></Question>
  <Question><QuestionIdentifier>fruit</QuestionIdentifier>
    <AnswerOption><SelectionIdentifier>pear</SelectionIdentifier><SelectionIdentifier>plum</SelectionIdentifier>
      <AnswerScore>3</AnswerScore></AnswerOption></Question>
  <QualificationValueMapping><PercentageMapping><MaximumSummedScore>4</MaximumSummedScore></PercentageMapping>
  </QualificationValueMapping>
</AnswerKey>"""


def new_type(mturk: Any, **changes: Any) -> dict[str, Any]:
    """An active qualification type without a test, as CreateQualificationType answers it."""
    wanted = {"Name": "Patience", "Description": "Waits for bread", "QualificationTypeStatus": "Active", **changes}
    return mturk.create_qualification_type(**wanted)["QualificationType"]


def new_tested_type(mturk: Any, **changes: Any) -> dict[str, Any]:
    """The same with TEST, to be taken in ten minutes, and ANSWER_KEY; changes of None leave something out."""
    wanted = {"Test": TEST, "AnswerKey": ANSWER_KEY, "TestDurationInSeconds": 600, **changes}
    return new_type(mturk, **{name: value for name, value in wanted.items() if value is not None})


def new_worker(control: Any) -> str:
    """The WorkerId of somebody the marketplace knows and who has done nothing yet."""
    return control.post("accounts", {"name": uuid.uuid4().hex})["WorkerId"]


def ask(control: Any, kind: dict[str, Any], worker_id: str, **given: Any) -> dict[str, Any]:
    """A worker asks for a qualification or, with `Fields` or `Answer`, hands in its test."""
    whose = {"QualificationTypeId": kind["QualificationTypeId"], "WorkerId": worker_id}
    return control.post("qualification-requests", whose | given)


def told(marketplace: Any, worker_id: str) -> list[tuple[str, str]]:
    """Subject and text of the worker's messages, the oldest first."""
    with contextlib.closing(sqlite3.connect(marketplace.data / "marketplace.sqlite3")) as database:
        return database.execute(
            "SELECT subject, text FROM marketplace_message JOIN marketplace_worker AS worker"
            " ON worker.id = marketplace_message.worker_id WHERE worker.worker_id = ? ORDER BY marketplace_message.id",
            [worker_id],
        ).fetchall()


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
