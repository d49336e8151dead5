"""The HIT that pays one worker: what MTurk is asked for, and where the worker finds it."""

from typing import Any

from dashboard import mturk
from dashboard.models import Environment
from qualifications.models import Compensation
from qualifications.questions import build_form
from qualifications.questions.draft import Draft, DraftOption, DraftQuestion

_WORKER_SITES = {
    Environment.PRODUCTION: "https://worker.mturk.com",
    Environment.SANDBOX: "https://workersandbox.mturk.com",
}


def annotation(row: Compensation) -> str:
    return f"HITdesk compensation {row.reference}"


def hit_params(row: Compensation) -> dict[str, Any]:
    """The API's request for the HIT (api:311): one worker, hidden from all others, paid by itself in three days."""
    return {
        "Title": "Pay for work you could not hand in",
        "Description": "Only you can see this. Confirm, and you are paid.",
        "Keywords": "compensation",
        "Reward": f"{row.amount:.2f}",
        "MaxAssignments": 1,
        "AssignmentDurationInSeconds": 86_400,
        "LifetimeInSeconds": row.days * 86_400,
        "AutoApprovalDelayInSeconds": 3 * 86_400,
        "RequesterAnnotation": annotation(row),
        "QualificationRequirements": [
            {
                "QualificationTypeId": row.qualification_type_id,
                "Comparator": "EqualTo",
                "IntegerValues": [1],
                "ActionsGuarded": "DiscoverPreviewAndAccept",
            }
        ],
        "Question": _question(row),
    }


def _question(row: Compensation) -> str:
    confirm = DraftQuestion(
        identifier="confirm", required="on", text="Please confirm, and hand this in.", style="radiobutton",
        options=[DraftOption("yes", "Yes, pay me for it.")],
    )  # fmt: skip
    remark = DraftQuestion(identifier="remark", kind="text", text="Is there anything you want to tell us?", lines="4")
    text = row.message or "Something kept you from handing in your work. This pays you for it."
    return build_form(Draft(title="Pay for work you could not hand in", text=text, questions=[confirm, remark]))


def worker_link(row: Compensation, group_id: str) -> str:
    """Where the worker finds the HIT."""
    origin = _WORKER_SITES.get(Environment(row.account.environment), mturk.endpoint_of(row.account).rstrip("/"))
    return f"{origin}/projects/{group_id}/tasks"
