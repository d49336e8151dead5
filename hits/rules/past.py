"""A rule and the past: what it would find in what is there (dry run), and looking at what waits when it is switched on.

The newest answers are looked at while a person waits; all of them by a worker, chunk by chunk, with a progress bar.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from dashboard.models import Account, User
from hits.models import Assignment, AssignmentStatus, Rule, RuleRun
from hits.rules import evaluating, texts, waking
from hits.rules.deciding import cost_of
from hits.rules.looks import holds

#: Looked at while somebody waits for the page; and by a worker in one transaction.
SAMPLE, CHUNK = 300, 200
MOST_EXAMPLES, MOST_WORKERS = 12, 20_000


@dataclass
class Past:
    """What a rule would have found: counts, by what people decided about those answers, money and examples."""

    looked: int = 0
    found: int = 0
    nothing_to_say: int = 0
    workers: dict[str, int] = field(default_factory=dict)
    approved: int = 0
    rejected: int = 0
    waiting: int = 0
    amount: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    #: What the workers concerned would not be paid, where the rule proposes to reject.
    unpaid: Decimal = Decimal(0)
    examples: list[dict[str, Any]] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        return self.amount + self.fee

    @property
    def most_of_one(self) -> int:
        return max(self.workers.values(), default=0)

    def add(self, rule: Rule, seen: evaluating.Judged) -> None:
        for _, row, what in seen:
            self.looked += 1
            if what is None:
                self.nothing_to_say += 1
            if what is None or not holds(rule, what):
                continue
            self.found += 1
            if row.worker_id in self.workers or len(self.workers) < MOST_WORKERS:
                self.workers[row.worker_id] = self.workers.get(row.worker_id, 0) + 1
            self.approved += row.status == AssignmentStatus.APPROVED
            self.rejected += row.status == AssignmentStatus.REJECTED
            waits = row.status == AssignmentStatus.SUBMITTED
            self.waiting += waits
            if waits or rule.proposal == Rule.Proposal.BONUS:
                amount, fee = cost_of(rule, row)
                self.amount, self.fee = self.amount + amount, self.fee + fee
            if waits and rule.proposal == Rule.Proposal.REJECT:
                self.unpaid += row.hit.reward
            if len(self.examples) < MOST_EXAMPLES:
                example = {"assignment_id": row.assignment_id, "worker_id": row.worker_id, "status": row.status}
                self.examples.append({**example, "evidence": what.evidence[:300]})

    def as_json(self) -> dict[str, Any]:
        return {name: str(value) if isinstance(value, Decimal) else value for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Past":
        money = {name: Decimal(kept.get(name, 0)) for name in ("amount", "fee", "unpaid")}
        return cls(**{**{name: value for name, value in kept.items() if name in cls.__dataclass_fields__}, **money})


def answers_of(rule: Rule) -> QuerySet[Assignment]:
    """All answers of the rule's batch, with what looks need."""
    rows = Assignment.objects.filter(account=rule.account_id, batch=rule.batch_id)
    return rows.select_related("hit", "hit__hit_type").defer("raw", "hit__raw")


def look_at_newest(rule: Rule, *, most: int = SAMPLE) -> Past:
    """What the rule says of the newest answers; writes nothing. The rule need not be saved."""
    rows = list(answers_of(rule).order_by("-submitted_at", "-pk")[:most])
    past = Past()
    past.add(rule, evaluating.judged([rule], rows, decided=True))
    return past


# --- by a worker ----------------------------------------------------------------------------------------------------


@transaction.atomic
def begin(rule: Rule, purpose: RuleRun.Purpose, *, by: User) -> RuleRun:
    """Let a worker go through the batch; one that is under way for the same purpose begins anew."""
    RuleRun.objects.filter(rule=rule, purpose=purpose, finished_at=None).update(finished_at=timezone.now())
    rows = _rows(rule, purpose)
    last = rows.order_by("-pk").values_list("pk", flat=True).first() or 0
    run = RuleRun.objects.create(
        account=rule.account,
        rule=rule,
        purpose=purpose,
        until=last,
        total=rows.count() if last else 0,
        asked_by=by,
        finished_at=None if last else timezone.now(),
        result=Past().as_json() if purpose == RuleRun.Purpose.DRY else {},
    )
    if last:
        waking.tell_a_worker(rule.account)
    return run


def _rows(rule: Rule, purpose: str) -> QuerySet[Assignment]:
    rows = answers_of(rule)
    if purpose == RuleRun.Purpose.APPLY:
        rows = rows.filter(status=AssignmentStatus.SUBMITTED, gone_at=None)
    return rows


def go_on(account: Account, *, only: RuleRun | None = None) -> bool:
    """One chunk of the oldest run that is not finished (or of `only`). False: there is none.

    Texts are read before rules look at them, since that run began first.
    """
    with transaction.atomic():
        runs = RuleRun.objects.filter(account=account, finished_at=None).select_related("rule__account")
        run = runs.filter(pk=only.pk).first() if only is not None else runs.order_by("pk").first()
        if run is None:
            return False
        run = RuleRun.objects.select_for_update(of=("self",)).select_related("rule__account").get(pk=run.pk)
        if run.finished_at is None:
            _chunk(run)
    return True


def _chunk(run: RuleRun) -> None:
    rule = run.rule
    rows = list(_rows(rule, run.purpose).filter(pk__gt=run.cursor, pk__lte=run.until).order_by("pk")[:CHUNK])
    if rule.deleted_at is not None or (run.purpose == RuleRun.Purpose.APPLY and not rule.on):
        rows = []
    if rows:
        if run.purpose == RuleRun.Purpose.INDEX:
            texts.write(rows, texts.watched({rule.batch_id}))
        elif run.purpose == RuleRun.Purpose.DRY:
            past = Past.from_json(run.result)
            past.add(rule, evaluating.judged([rule], rows, decided=True))
            run.result = past.as_json()
        else:
            found = evaluating.write(run.account, evaluating.judged([rule], rows))
            run.result = {"found": run.result.get("found", 0) + found}
        run.cursor, run.done = rows[-1].pk, run.done + len(rows)
    run.beat_at = timezone.now()
    if len(rows) < CHUNK:
        run.finished_at, run.done = run.beat_at, max(run.done, run.total) if rows else run.done
    run.save(update_fields=["cursor", "done", "result", "beat_at", "finished_at"])
