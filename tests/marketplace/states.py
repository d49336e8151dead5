"""What a marketplace should do, reckoned in a few lines: the yardstick of test_states.py, without the product.

Time is counted in steps of 1,000 seconds. Only whole steps pass, and whatever falls due does so half a step later than
something happened, so the seconds that a test itself takes never decide anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

STEP = 1000  # seconds
DISPOSAL = 120 * 86_400 / STEP
OVERRIDE = 30 * 86_400 / STEP
TOKEN = 86_400 / STEP
BONUS = 183 * 86_400 / STEP
OPENING = Decimal("10000.00")
CENT = Decimal("0.01")
ACCEPTED, SUBMITTED, APPROVED, REJECTED = "Accepted", "Submitted", "Approved", "Rejected"
HANDED_IN = (SUBMITTED, APPROVED, REJECTED)


def fee_of(amount: Decimal, percent: int) -> Decimal:
    return max(CENT, (amount * percent / 100).quantize(CENT, ROUND_HALF_UP))


@dataclass(eq=False)
class Kind:
    """A qualification type and who has it, had it, or asked for it."""

    type_id: str
    owner: Requester
    retry: float | None
    values: dict[str, int] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    asked: dict[str, tuple[float, str]] = field(default_factory=dict)  # worker: when, id of the last request
    pending: dict[str, str] = field(default_factory=dict)  # request id: worker
    deleted: bool = False

    @property
    def over(self) -> bool:
        return self.deleted

    def gone(self) -> bool:
        return self.deleted and not any(hit.required is self and not hit.disposed for hit in self.owner.hits)

    def give(self, worker: str, value: int) -> None:
        self.values[worker] = value
        self.revoked.discard(worker)

    def why_not(self, worker: str, now: float) -> str:
        """The refusal of a worker who asks, or ""."""
        if worker in self.pending.values():
            return "has_request"
        if self.deleted:
            return "unavailable"
        if worker in self.values:
            return "has_qualification"
        when, _ = self.asked.get(worker, (0, ""))
        if worker in self.asked and (self.retry is None or when + self.retry > now):
            return "no_retry"
        return ""


@dataclass(eq=False)
class Task:
    """An assignment, on the terms it was accepted."""

    task_id: str
    hit: Hit
    worker: str
    reward: Decimal
    fee: Decimal
    delay: float
    deadline: float
    status: str = ACCEPTED
    submitted: float = 0.0

    @property
    def over(self) -> bool:
        return self.hit.disposed

    @property
    def cost(self) -> Decimal:
        return self.reward + self.fee


@dataclass(eq=False)
class Hit:
    hit_id: str
    type_id: str
    owner: Requester
    reward: Decimal
    duration: float
    delay: float
    most: int
    expiry: float
    required: Kind | None
    judged: bool = False  # a review policy approves what has the right answer and rejects everything else
    open: int = 0
    lapsed: bool = False
    reviewing: bool = False
    disposed: bool = False
    dispose_at: float | None = None
    tasks: list[Task] = field(default_factory=list)
    tokens: dict[int, float] = field(default_factory=dict)  # expiries asked for, and when

    @property
    def over(self) -> bool:
        return self.disposed

    @property
    def fee(self) -> Decimal:
        return fee_of(self.reward, 40 if self.most >= 10 else 20)

    @property
    def cost(self) -> Decimal:
        return self.reward + self.fee

    def count(self, *statuses: str) -> int:
        return sum(task.status in statuses for task in self.tasks)

    @property
    def held(self) -> Decimal:
        return self.open * self.cost + sum(
            (task.cost for task in self.tasks if task.status in (ACCEPTED, SUBMITTED)), Decimal(0)
        )

    def available(self, now: float) -> int:
        return 0 if self.expiry <= now else self.open

    def status(self, now: float) -> str:
        if self.available(now):
            return "Assignable"
        if self.count(ACCEPTED):
            return "Unassignable"
        return "Reviewing" if self.reviewing else "Reviewable"

    def touch(self, at: float) -> None:
        """After every change: work that can be taken or is being done ends a review, and the 120 days to disposal."""
        if self.open or self.count(ACCEPTED):
            self.dispose_at, self.reviewing = None, False
        elif self.dispose_at is None:
            self.dispose_at = at + DISPOSAL

    def why_not(self, worker: str, now: float) -> set[str]:
        """Every reason to refuse a worker who wants to accept."""
        if self.disposed:
            return {"no_such_hit"}
        mine = [task.status for task in self.tasks if task.worker == worker]
        reasons = {"already_accepted"} if ACCEPTED in mine else set()
        if set(mine) & set(HANDED_IN):
            reasons.add("already_done")
        if worker in self.owner.blocked:
            reasons.add("blocked")
        if not self.available(now):
            reasons.add("unavailable")
        if self.required and worker not in self.required.values:
            reasons.add("unqualified")
        return reasons

    def give_back(self, task: Task, status: str, at: float) -> None:
        task.status = status
        if not self.lapsed and self.expiry > at:
            self.open += 1
        self.touch(at)

    def hand_in(self, task: Task, right: bool, at: float) -> None:
        task.status, task.submitted = SUBMITTED, at
        if self.judged and right:
            self.pay(task, at)
        elif self.judged:
            task.status = REJECTED
        self.touch(at)

    def lapse(self, at: float) -> None:
        self.open, self.lapsed = 0, True
        self.touch(at)

    def pay(self, task: Task, at: float) -> None:
        task.status = APPROVED
        self.owner.paid += task.cost
        self.touch(at)

    def pass_time(self, now: float) -> None:
        """What falls due until `now`, in order."""
        while not self.disposed:
            due: list[tuple[float, int, int]] = []
            for number, task in enumerate(self.tasks):
                if task.status == ACCEPTED:
                    due.append((task.deadline, 0, number))
                elif task.status == SUBMITTED:
                    due.append((task.submitted + task.delay, 2, number))
            if not self.lapsed:
                due.append((self.expiry, 1, 0))
            if self.dispose_at is not None and not self.count(SUBMITTED):
                due.append((self.dispose_at, 3, 0))
            at, what, number = min(due, default=(now + 1, 0, 0))
            if at > now:
                return
            if what == 0:
                self.give_back(self.tasks[number], "Abandoned", at)
            elif what == 1:
                self.lapse(at)
            elif what == 2:
                self.pay(self.tasks[number], at)
            else:
                self.disposed = True


@dataclass(eq=False)
class Requester:
    key: str
    paid: Decimal = Decimal(0)
    hits: list[Hit] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)
    tokens: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)

    @property
    def held(self) -> Decimal:
        return sum((hit.held for hit in self.hits), Decimal(0))

    @property
    def available(self) -> Decimal:
        return OPENING - self.paid - self.held

    def alive(self) -> list[Hit]:
        return [hit for hit in self.hits if not hit.disposed]

    def used(self, operation: str, token: str | None, now: float) -> str | None:
        """What a token made before, if it did within a day; None if it is free."""
        when, made = self.tokens.get((operation, token or ""), (-TOKEN, ""))
        return made if token and when + TOKEN > now else None
