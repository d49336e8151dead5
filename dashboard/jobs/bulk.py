"""What a bulk action is, and what one would do: its dry run."""

import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Case, Count, Q, QuerySet, Value, When

from dashboard.commands import Kind
from dashboard.models import Account, Command, Job, Role, User
from dashboard.permissions import Denied


@dataclass(frozen=True)
class Wish:
    """What one row becomes: the columns of its Command."""

    params: dict[str, Any]
    amount: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    assignment_id: str = ""
    hit_id: str = ""
    worker_id: str = ""
    exclusive_key: str = ""
    #: Why, where each row has words of its own; else the job's.
    note: str = ""


@dataclass
class DryRun:
    """What a job would do: how many commands, for how many workers, how much, and what is left out and why."""

    count: int = 0
    workers: int = 0
    amount: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        return self.amount + self.fee


class Bulk:
    """One thing that can be done to a selection. Subclasses are found by `name` (see `register`)."""

    name: ClassVar[str]
    kind: ClassVar[type[Kind]]
    #: "Approve", as a heading and a button say it.
    words: ClassVar[str]
    role: ClassVar[Role] = Role.REVIEWER
    #: Whose rows it takes, and so whose filters select them: "assignments" or "hits"; all else has pages of its own.
    about: ClassVar[str] = "assignments"
    #: Names of the options its form asks for.
    options: ClassVar[tuple[str, ...]] = ()

    def select(self, account: Account, selection: dict[str, Any]) -> QuerySet[Any]:
        """The rows the selection names, refused ones included."""
        raise NotImplementedError

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        """Which rows cannot be done, and the sentence why; the first that fits counts."""
        raise NotImplementedError

    def weigh(self, row: Any, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        """What a row becomes; `identity` will be its command's id. Denied leaves it out."""
        raise NotImplementedError

    def dry_run(self, account: Account, rows: QuerySet[Any], options: dict[str, Any]) -> DryRun:
        """Counts and money of the rows that can be done, in a few queries whatever their number."""
        raise NotImplementedError

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        """The options as they are kept (JSON), or Denied with what is wrong."""
        return {}

    def for_work(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """With the columns `weigh` looks at."""
        return rows

    def load(self, rows: list[Any]) -> None:
        """Give a chunk of rows the related ones that `weigh` looks at, each read once. Not by `prefetch_related`: of a
        foreign key SQLite takes fewer than a thousand different ones that way."""

    def together(
        self, made: list[tuple[Any, uuid.UUID]], wishes: list[tuple[uuid.UUID, Wish]]
    ) -> tuple[list[tuple[Any, uuid.UUID]], list[tuple[uuid.UUID, Wish]]]:
        """Rows of a chunk that share a command, where one call can do for many: each row with the id of its own."""
        return made, wishes

    def title(self, job: Job) -> str:
        """What the job is called once it is prepared."""
        return f"{self.words} {job.total:,}"

    def mark(self, made: list[tuple[Any, uuid.UUID]]) -> None:
        """Change the mirror as asking singly would: each row has got the command of that id."""

    def unmark(self, cancelled: QuerySet[Command]) -> None:
        """Take `mark` back for commands that end without effect."""

    def needs_release(self, user: User, account: Account, options: dict[str, Any], cost: Decimal) -> bool:
        return False


_bulks: dict[str, Bulk] = {}


def register(bulk: type[Bulk]) -> type[Bulk]:
    """Class decorator: make a Bulk known by its name."""
    if bulk.name in _bulks:
        raise ValueError(f"two bulk actions are called {bulk.name}")
    _bulks[bulk.name] = bulk()
    return bulk


def bulk_named(name: str) -> Bulk:
    """The Bulk of that name; Denied where there is none, since names come from addresses."""
    if name not in _bulks:
        raise Denied("There is no such bulk action.")
    return _bulks[name]


def bulk_of(job: Job) -> Bulk:
    return _bulks[job.options["bulk"]]


def _sorted_out(bulk: Bulk, rows: QuerySet[Any], options: dict[str, Any]) -> tuple[QuerySet[Any], dict[str, int]]:
    """The rows that can be done, and how many cannot for which reason."""
    reasons = bulk.refusals(options)
    if not reasons:
        return rows, {}
    why = Case(*[When(condition, then=Value(sentence)) for condition, sentence in reasons], default=Value(""))
    counted = dict(
        rows.order_by()
        .annotate(refusal_=why)
        .values_list("refusal_")
        .annotate(rows_=Count("pk"))
        .values_list("refusal_", "rows_")
    )
    counted.pop("", None)
    # Where nothing is left out, the reasons need not be asked of every row again.
    return possible(bulk, rows, options) if counted else rows, counted


def rows_of(bulk: Bulk, account: Account, selection: dict[str, Any]) -> QuerySet[Any]:
    """The selection; once a job is asked for it ends with the last row there was then."""
    rows = bulk.select(account, selection)
    return rows.filter(pk__lte=selection["until"]) if "until" in selection else rows


def possible(bulk: Bulk, rows: QuerySet[Any], options: dict[str, Any]) -> QuerySet[Any]:
    for condition, _ in bulk.refusals(options):
        rows = rows.exclude(condition)
    return rows


def look_ahead(name: str, *, account: Account, selection: dict[str, Any], options: dict[str, Any]) -> DryRun:
    """What asking for this job would do; changes nothing."""
    bulk = bulk_named(name)
    possible, refused = _sorted_out(bulk, rows_of(bulk, account, selection), options)
    found = bulk.dry_run(account, possible, options)
    found.refused = refused
    return found


def needs_release(name: str, *, by: User, account: Account, ahead: DryRun, options: dict[str, Any]) -> bool:
    """Whether somebody else has to let it go: for what it is, or because it costs more than the account's limit."""
    if bulk_named(name).needs_release(by, account, options, ahead.total):
        return True
    return account.release_job_above is not None and ahead.total > account.release_job_above
