"""Texts ready to be said to a worker, written once by the team and filled in for each answer."""

import re
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from dashboard import audit
from dashboard.models import Account, Role, User
from dashboard.permissions import FEEDBACK_LONGEST, Denied, check_role, check_text_for_worker
from hits.answers.values import values
from hits.models import Assignment, ReasonTemplate

#: Variable: what it stands for.
VARIABLES = {
    "worker_id": "the worker's id",
    "title": "the title of the task",
    "reward": "what the task pays, such as $0.10",
    "batch": "the name of the batch",
    "fields": "the names of the answer's fields",
}
#: Offered while an account has written none of its own.
DEFAULTS = (
    ("Not as instructed", "The answer does not follow the instructions."),
    ("Empty", "The answer is empty or incomplete."),
    ("Same answer again", "The same answer was given to different tasks."),
    ("Boxes", "The boxes are not drawn around the objects."),
)
MOST = 60
_VARIABLE = re.compile(r"\{([^{}\n]{0,40})\}")
_EXAMPLE = {
    "worker_id": "A2EXAMPLEWORKER",
    "title": "Read a receipt",
    "reward": "$0.10",
    "batch": "Receipts, May",
    "fields": "shop, date, total",
}


@dataclass(frozen=True)
class Reason:
    """A template filled in for one answer."""

    title: str
    text: str


def reasons_of(account: Account) -> list[ReasonTemplate]:
    """The account's templates in their order; the four we bring where it has none."""
    found = list(ReasonTemplate.objects.filter(account=account))
    return found or [
        ReasonTemplate(account=account, title=title, text=text, position=number)
        for number, (title, text) in enumerate(DEFAULTS)
    ]


def check_reason_template(text: str) -> str:
    """The text of a template; Denied with a sentence where a variable is unknown or MTurk would refuse the text."""
    text = check_text_for_worker(text)
    if not text:
        raise Denied("Write the text the worker will read.")
    unknown = [name for name in _VARIABLE.findall(text) if name.strip() not in VARIABLES]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in VARIABLES)
        raise Denied(f"There is no variable {{{unknown[0]}}}. Those you can use: {known}.")
    return text


def has_variables(text: str) -> bool:
    return any(name.strip() in VARIABLES for name in _VARIABLE.findall(text))


def preview(text: str) -> str:
    """A template filled in for an example, as its settings page shows it."""
    return _VARIABLE.sub(lambda found: _EXAMPLE.get(found[1].strip(), found[0]), text)


def filled(text: str, assignment: Assignment) -> str:
    """A template filled in for an answer (with `hit`, its type and its batch loaded), cut to what MTurk takes."""

    def value(found: re.Match[str]) -> str:
        name = found[1].strip()
        if name == "worker_id":
            return assignment.worker_id
        if name == "title":
            return assignment.hit.title
        if name == "reward":
            return f"${assignment.hit.reward:,.2f}"
        if name == "batch":
            return str(assignment.hit.batch)
        if name == "fields":
            return ", ".join(values(assignment.answer, assignment.hit.question)) or "none"
        return found[0]

    return _VARIABLE.sub(value, text)[:FEEDBACK_LONGEST] if "{" in text else text


def reasons_for(assignment: Assignment, templates: list[ReasonTemplate]) -> dict[str, list[Reason]]:
    """Use: the templates of that use, filled in for this answer."""
    found: dict[str, list[Reason]] = {use: [] for use in ReasonTemplate.Use.values}
    for template in templates:
        found[template.use].append(Reason(template.title, filled(template.text, assignment)))
    return found


@transaction.atomic
def save_reason(*, account: Account, by: User, use: str, title: str, text: str, template: int | None = None) -> None:
    """Write a new template, or change one."""
    _check(account, by)
    text = check_reason_template(text)
    _write_defaults(account)
    rows = ReasonTemplate.objects.filter(account=account)
    if rows.filter(use=use, title=title).exclude(pk=template or 0).exists():
        raise Denied(f"There is one called “{title}” for this already. Choose another name.")
    if template is None:
        if rows.count() >= MOST:
            raise Denied(f"{MOST} texts is the most. Delete one that is no longer used.")
        last = rows.aggregate(last=Max("position"))["last"] or 0
        ReasonTemplate.objects.create(account=account, use=use, title=title, text=text, position=last + 1)
    elif not rows.filter(pk=template).update(use=use, title=title, text=text):
        raise Denied("This text was deleted meanwhile.")
    audit.record("reason.saved", account=account, by=by, subject=title, text=text)


@transaction.atomic
def delete_reason(*, account: Account, by: User, template: int) -> None:
    _check(account, by)
    row = ReasonTemplate.objects.filter(account=account, pk=template).first()
    if row is None:
        raise Denied("This text was deleted meanwhile.")
    row.delete()
    audit.record("reason.deleted", account=account, by=by, subject=row.title, text=row.text)


@transaction.atomic
def move_reason(*, account: Account, by: User, template: int, down: bool) -> None:
    """Change places with the neighbour of the same use."""
    _check(account, by)
    rows = list(ReasonTemplate.objects.filter(account=account).select_for_update())
    row = next((row for row in rows if row.pk == template), None)
    if row is None:
        raise Denied("This text was deleted meanwhile.")
    same = [one for one in rows if one.use == row.use]
    at = same.index(row) + (1 if down else -1)
    if 0 <= at < len(same):
        here, there = rows.index(row), rows.index(same[at])
        rows[here], rows[there] = rows[there], rows[here]
    for number, one in enumerate(rows):
        one.position = number
    ReasonTemplate.objects.bulk_update(rows, ["position"])


@transaction.atomic
def adopt_defaults(*, account: Account, by: User) -> None:
    """Write the four we bring down as the account's own, to change or delete."""
    _check(account, by)
    _write_defaults(account)


def _write_defaults(account: Account) -> None:
    if not ReasonTemplate.objects.filter(account=account).exists():
        ReasonTemplate.objects.bulk_create(reasons_of(account))


def _check(account: Account, by: User) -> None:
    check_role(by, account, Role.APPROVER, "change the texts ready to be said")
    # One change at a time, so that two clicks at once do not both find that a title is free.
    Account.objects.select_for_update(no_key=True).only("pk").get(pk=account.pk)
