"""Review policies to test with."""

import uuid
from typing import Any

GOLD, PLURALITY = "ScoreMyKnownAnswers/2011-09-01", "SimplePlurality/2011-09-01"


def gold(key: dict[str, list[str]], **parameters: Any) -> dict[str, Any]:
    """An AssignmentReviewPolicy structure."""
    entries = [{"Key": question, "Values": values} for question, values in key.items()]
    return structure(GOLD, [{"Key": "AnswerKey", "MapEntries": entries}], parameters)


def agree(questions: list[str], threshold: int = 50, **parameters: Any) -> dict[str, Any]:
    """A HITReviewPolicy structure."""
    given = [{"Key": "QuestionIds", "Values": questions}]
    return structure(PLURALITY, given, {"QuestionAgreementThreshold": threshold, **parameters})


def structure(name: str, given: list[dict[str, Any]], parameters: dict[str, Any]) -> dict[str, Any]:
    more = [{"Key": key, "Values": [str(value)]} for key, value in parameters.items()]
    return {"PolicyName": name, "Parameters": [*given, *more]}


def worker(name: str) -> str:
    return f"A{name}{uuid.uuid4().hex[:8].upper()}"
