"""Questions for simulated workers, and what they fill in, without a marketplace around them."""

import json
from random import Random
from typing import Any

from marketplace.crowd.answers import answer
from tests.marketplace.making import SCHEMAS

SKILLS = (0.0, 0.5, 0.95)


def page(body: str) -> str:
    return (
        f'<HTMLQuestion xmlns="{SCHEMAS}2011-11-11/HTMLQuestion.xsd"><HTMLContent><![CDATA[<!DOCTYPE html><html><body>'
        f"{body}</body></html>]]></HTMLContent><FrameHeight>0</FrameHeight></HTMLQuestion>"
    )


def form(*questions: str) -> str:
    return f'<QuestionForm xmlns="{SCHEMAS}2005-10-01/QuestionForm.xsd">{"".join(questions)}</QuestionForm>'


def question(name: str, specification: str, *, required: bool = True) -> str:
    return (
        f"<Question><QuestionIdentifier>{name}</QuestionIdentifier><IsRequired>{str(required).lower()}</IsRequired>"
        f"<QuestionContent><Text>Well?</Text></QuestionContent>"
        f"<AnswerSpecification>{specification}</AnswerSpecification></Question>"
    )


def text_question(name: str, constraints: str, **more: Any) -> str:
    return question(name, f"<FreeTextAnswer><Constraints>{constraints}</Constraints></FreeTextAnswer>", **more)


def choices(identifiers: str, counts: str = "", other: str = "") -> str:
    offered = "".join(
        f"<Selection><SelectionIdentifier>{each}</SelectionIdentifier><Text>{each}</Text></Selection>"
        for each in identifiers
    )
    return f"<SelectionAnswer>{counts}<Selections>{offered}{other}</Selections></SelectionAnswer>"


def filled(document: str, seed: int = 1, *, skill: float = 0.95, **how: Any) -> Any:
    return answer(document, skill=skill, rng=Random(seed), **how)


def tree(body: str, seed: int = 1, *, skill: float = 1.0, **how: Any) -> Any:
    (found,) = json.loads(filled(page(f"<crowd-form>{body}</crowd-form>"), seed, skill=skill, **how)["taskAnswers"])
    return found


def each_way(count: int = 12) -> list[dict[str, Any]]:
    """Seeds, skills and spam: what has to hold for every worker."""
    ways = [{"seed": seed, "skill": skill, "honest": True} for seed in range(count) for skill in SKILLS]
    return [*ways, *({"seed": seed, "skill": 0.9, "honest": False} for seed in range(count))]


def shortened(value: str) -> str:
    """The name of a test whose input is long."""
    return value[:40]
