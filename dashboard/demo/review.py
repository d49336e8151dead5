"""What the demo's people said about answers between themselves: judgements, a correction, a flag, views, texts."""

from collections.abc import Callable

from dashboard.models import Account, Role, User
from hits import actions
from hits.actions.data import fields_of
from hits.actions.reasons import save_reason
from hits.answers.values import same
from hits.models import Assignment, AssignmentStatus, ReasonTemplate, SavedView

VIEWS = {
    "Flagged": "flags=yes",
    "Opinions differ": "sort=disagreement&agreement=70",
    "Under ten seconds": "under=10",
    "Paid, not usable": "status=approved&data=unusable",
}
TEXTS = (
    ("reject", "Too fast", "“{title}” was handed in faster than it can be read, {worker_id}."),
    ("bonus", "Thank you", "Every answer in {batch} was right the first time. Thank you!"),
    ("approve", "Mind the date", "Paid in full. Next time, please write dates as year, month, day."),
)


def make(account: Account, people: dict[Role, User], say: Callable[[str], None]) -> None:
    """Say it all once: what a visitor has changed or taken away since stays as they left it."""
    if SavedView.objects.filter(account=account).exists():
        return
    reviewer, approver = people[Role.REVIEWER], people[Role.APPROVER]
    for name, query in VIEWS.items():
        actions.save_view(account=account, by=reviewer, name=name, query=query)
    if not ReasonTemplate.objects.filter(account=account).exists():
        for use, title, text in TEXTS:
            save_reason(account=account, by=approver, use=use, title=title, text=text)
    approved = Assignment.objects.of(account).filter(status=AssignmentStatus.APPROVED, data_verdict="")
    approved = approved.select_related("hit", "account").defer("raw")
    for number, row in enumerate(approved.exclude(hit__batch__key="batch:receipt-totals").order_by("pk")[:8]):
        verdict = ("usable", "usable", "usable", "unsure", "usable", "unusable", "usable", "usable")[number]
        actions.judge(assignment=row, by=reviewer, verdict=verdict)
    for row in approved.filter(hit__batch__key="batch:receipt-totals").order_by("pk")[:1]:
        said = fields_of(row)
        if "total" in said:
            better = "33.55" if not same(said["total"], "33.55") else "35.55"
            actions.judge(assignment=row, by=approver, verdict="corrected", typed={"total": better})
    waiting = Assignment.objects.of(account).awaiting_review().select_related("account").order_by("-submitted_at")
    for row, reason in zip(waiting[3:5], ("Same words as another worker's", ""), strict=False):
        actions.flag(assignment=row, by=reviewer, reason=reason)
    say("The demo's reviewers judged some answers, flagged two and saved four views of the queue.")
