"""Qualifications of the demo: one with a test that the team marks, with workers who wait for their mark; one that
whoever asks gets; and a worker who could not hand in and is compensated."""

import contextlib
import uuid
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from typing import Any

from dashboard import mturk
from dashboard.demo.market import Refused, control
from dashboard.models import Account, Role, User
from dashboard.permissions import Denied
from hits.models import Assignment
from qualifications.actions import compensation
from qualifications.models import QualificationType
from qualifications.questions import build_form, build_key
from qualifications.questions.draft import Draft, DraftOption, DraftQuestion
from qualifications.sync.types import rescore

_KEYS = uuid.UUID("9a8d8a4a-6a52-4d06-8a52-2b6a1d7f8c11")
TEST, OPEN = "Reads receipts", "Speaks German"
ASKERS = 5


def _test() -> Draft:
    """Two questions with a right answer, and one in words, which is why a person decides."""

    def choices(*texts: str, right: str, score: str) -> list[DraftOption]:
        return [
            DraftOption(f"a{number}", text, score=score if text == right else "")
            for number, text in enumerate(texts, 1)
        ]

    total = DraftQuestion(
        identifier="total", required="on", title="Total",
        text="A receipt says: bread 2.10, milk 1.30, discount 0.40. What was paid?",
        options=choices("3.40", "3.00", "3.80", right="3.00", score="40"),
    )  # fmt: skip
    signs = DraftQuestion(
        identifier="signs", kind="several", required="on", title="What counts",
        text="Which of these tell you that a line is no item?", score="60",
        options=[
            DraftOption("a1", "It begins with “Total”", right="on"),
            DraftOption("a2", "It has a price"),
            DraftOption("a3", "It says how much change was given", right="on"),
        ],
    )  # fmt: skip
    why = DraftQuestion(
        identifier="why", kind="text", title="Why you", lines="3",
        text="In a sentence: have you done bookkeeping before?", max_length="500",
    )  # fmt: skip
    return Draft(
        title="Reading receipts", text="Three short questions. We look at every answer ourselves.",
        questions=[total, signs, why], mapping="percentage", maximum="100",
    )  # fmt: skip


def ask_by_script(account: Account) -> None:
    """What was there before anybody signed in: two types, and workers who took the test."""
    listed = mturk.pages(account, "ListQualificationTypes", {"MustBeRequestable": False, "MustBeOwnedByCaller": True})
    there = {kind.get("Name"): kind["QualificationTypeId"] for page in listed for kind in page["QualificationTypes"]}
    draft = _test()
    for name, more in (
        (OPEN, {"Description": "Says to speak German. Whoever asks gets it.", "AutoGranted": True}),
        (TEST, {"Description": "Showed in a short test that they read receipts with care.",
                "Keywords": "receipts, reading", "Test": build_form(draft), "TestDurationInSeconds": 1800,
                "RetryDelayInSeconds": 86_400}),
    ):  # fmt: skip
        if name not in there:
            params = {"Name": name, "QualificationTypeStatus": "Active", **more}
            answer, _ = mturk.call(account, "CreateQualificationType", params, write=True)
            there[name] = answer["QualificationType"]["QualificationTypeId"]
    for number in range(ASKERS):
        worker_id = "A" + sha256(f"asks {number}".encode()).hexdigest()[:13].upper()
        fields: dict[str, Any] = {
            "total": "a2" if number % 3 else "a1",
            "signs": ["a1", "a3"] if number % 2 else ["a1"],
            "why": ["Two years in a shop.", "No, but I am careful.", "Yes."][number % 3],
        }
        for type_id, answers in ((there[TEST], {"Fields": fields}), (there[OPEN], {})):
            with contextlib.suppress(Refused):  # at the second start they have asked already
                control(
                    account,
                    "qualification-requests",
                    {"QualificationTypeId": type_id, "WorkerId": worker_id, **answers},
                )


def make(account: Account, people: dict[Role, User], say: Callable[[str], None]) -> None:
    """The key by which the team marks, and a compensation that waits for its worker."""
    row = QualificationType.objects.of(account).own().filter(name=TEST, grading_key="").first()
    if row is not None:
        row.grading_key = build_key(_test())
        row.save(update_fields=["grading_key", "searched"])
        rescore(row)
    known = Assignment.objects.of(account).filter(status="Approved").order_by("pk").first()
    if known is None:
        return
    try:
        compensation.begin(
            account=account,
            by=people[Role.APPROVER],
            worker_id=known.worker_id,
            complaint="The page stayed white after I pressed Submit, and my 20 minutes were gone.",
            amount=Decimal("0.60"),
            message="Sorry about that. We made a HIT that only you can see: open it and confirm, and you are paid.",
            form_key=uuid.uuid5(_KEYS, "compensation"),
        )
    except Denied as reason:
        say(f"One of the demo's examples could not be made: {reason}")
