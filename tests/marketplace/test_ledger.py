"""Money is never created or lost: long random lives of a marketplace, summed up after every step."""

import contextlib
import random
from collections import Counter
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum

from marketplace import clock, ledger, lifecycle, slots, work
from marketplace.errors import RequestError, TurkError
from marketplace.models import HIT, Assignment, HITType, LedgerEntry, Requester
from marketplace.operations import OPERATIONS
from tests.marketplace.making import HTML, KIND

pytestmark = pytest.mark.django_db
Status = Assignment.Status


class Life:
    """One requester and five workers who do whatever chance says."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.requester = Requester.for_key(f"AKIALIFE{seed}")
        self.done = Counter()

    def call(self, operation, **request):
        """An operation as the wire layer calls it; an error of the API is an outcome like any other."""
        try:
            with transaction.atomic():
                OPERATIONS[operation](self.requester, request)
                self.done[operation] += 1
        except TurkError as error:
            self.done[error.code] += 1

    def work(self, function, *arguments, **more):
        try:
            function(*arguments, **more)
            self.done[function.__name__] += 1
        except work.Refused as refused:
            self.done[refused.code] += 1

    def some_hit(self, **wanted):
        """Mostly one that is as wanted, sometimes any."""
        hits = HIT.objects.filter(**wanted if self.chance.random() < 0.9 else {})
        return self.chance.choice(list(hits.order_by("pk").values_list("hit_id", flat=True)) or ["3NONE"])

    def some_assignment(self, *statuses):
        """Mostly one in those states, sometimes any."""
        wanted = {"status__in": statuses} if self.chance.random() < 0.9 else {}
        ids = list(Assignment.objects.filter(**wanted).order_by("pk").values_list("assignment_id", flat=True))
        return self.chance.choice(ids or ["3NONE"])

    def amount(self):
        return self.chance.choice(["0.00", "0.01", "0.07", "0.52", "3", "41.50", "700.00"])

    def kind(self):
        changes = {
            "Reward": self.amount(),
            "AutoApprovalDelayInSeconds": self.chance.choice([0, 86_400, 2_592_000]),
            "AssignmentDurationInSeconds": self.chance.choice([60, 7200]),
        }
        if self.chance.random() < 0.2:
            changes["QualificationRequirements"] = [
                {"QualificationTypeId": "2F1QJWKUDD8XADTFD2Q0G6UTO95ALH", "Comparator": "DoesNotExist"}
            ]
        return {**KIND, **changes}

    def token(self):
        return {"UniqueRequestToken": f"t{self.chance.randrange(40)}"} if self.chance.random() < 0.3 else {}

    def step(self):
        self.chance.choices(
            [self.create, self.take, self.hand_in, self.give_back, self.review, self.bonus, self.change, self.wait],
            [3, 10, 6, 2, 4, 2, 4, 1],
        )[0]()

    def create(self):
        lifetime, maximum = self.chance.choice([60, 3600, 2_000_000]), self.chance.choice([1, 2, 3, 9, 10, 40])
        self.call(
            "CreateHIT",
            **self.kind(),
            LifetimeInSeconds=lifetime,
            MaxAssignments=maximum,
            Question=HTML,
            **self.token(),
        )

    def take(self):
        self.work(work.accept, self.some_hit(open_slots__gt=0), f"ALIFE{self.chance.randrange(5)}")

    def hand_in(self):
        self.work(work.submit, self.some_assignment(Status.ACCEPTED), fields={"x": "1"})

    def give_back(self):
        self.work(work.give_back, self.some_assignment(Status.ACCEPTED))

    def review(self):
        if self.chance.random() < 0.5:
            self.call("RejectAssignment", AssignmentId=self.some_assignment(Status.SUBMITTED), RequesterFeedback="no")
        else:
            assignment = self.some_assignment(Status.SUBMITTED, Status.REJECTED)
            self.call("ApproveAssignment", AssignmentId=assignment, OverrideRejection=self.chance.random() < 0.5)

    def bonus(self):
        assignment = self.some_assignment(*Assignment.HANDED_IN)
        worker = Assignment.objects.filter(assignment_id=assignment).values_list("worker__worker_id", flat=True).first()
        self.call(
            "SendBonus",
            AssignmentId=assignment,
            WorkerId=worker or "ANONE",
            BonusAmount=self.amount(),
            Reason="r",
            **self.token(),
        )

    def change(self):
        hit, type_ids = (
            self.some_hit(disposed_at=None),
            list(HITType.objects.order_by("pk").values_list("hit_type_id", flat=True)) or ["3NONE"],
        )
        ahead = clock.timedelta(seconds=self.chance.choice([-1, 90, 5000, 3_000_000]))
        change, more = self.chance.choice(
            [
                ("UpdateExpirationForHIT", {"ExpireAt": clock.now() + ahead}),
                ("CreateAdditionalAssignmentsForHIT", {"NumberOfAdditionalAssignments": 2, **self.token()}),
                ("UpdateHITTypeOfHIT", {"HITTypeId": self.chance.choice(type_ids)}),
                ("DeleteHIT", {}),
                ("UpdateHITReviewStatus", {"Revert": self.chance.random() < 0.3}),
            ]
        )
        self.call(change, HITId=hit, **more)

    def wait(self):
        clock.advance(self.chance.choice([1, 1, 61, 61, 4000, 90_000, 900_000]))


def check():
    """Every sum that must hold, from the rows themselves and not from what was counted along the way."""
    totals = {row["kind"]: row["total"] for row in LedgerEntry.objects.values("kind").annotate(total=Sum("amount"))}
    deposit, held, released, reward, bonus, fee = (
        totals.get(kind, Decimal(0)) for kind in ("deposit", "hold", "release", "reward", "bonus", "fee")
    )
    available, on_hold = (
        sum(column, Decimal(0)) for column in zip(*Requester.objects.values_list("available", "on_hold"), strict=True)
    )
    assert deposit == available + on_hold + reward + bonus + fee
    assert on_hold == held - released
    assert available >= 0

    expected = Decimal(0)
    for hit in HIT.objects.select_related("hit_type"):
        counts = Counter(hit.assignments.values_list("status", flat=True))
        assert hit.pending == counts[Status.ACCEPTED]
        assert hit.submitted == counts[Status.SUBMITTED]
        assert hit.completed == counts[Status.APPROVED] + counts[Status.REJECTED]
        if hit.lapsed or hit.disposed_at:
            assert hit.open_slots == 0
        else:
            assert hit.open_slots == hit.max_assignments - hit.pending - hit.submitted - hit.completed
            expected += hit.open_slots * slots.cost(hit)
    for assignment in Assignment.objects.filter(status__in=[Status.ACCEPTED, Status.SUBMITTED]):
        expected += assignment.cost
    assert on_hold == expected

    approved = Assignment.objects.filter(status=Status.APPROVED)
    assert reward == sum(approved.values_list("reward", flat=True), Decimal(0))
    rewarded = Counter(LedgerEntry.objects.filter(kind="reward").values_list("assignment", flat=True))
    assert rewarded == Counter(approved.values_list("pk", flat=True))  # each once, none that was not approved


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_money_is_neither_created_nor_lost(seed):
    life = Life(seed)
    for number in range(300):
        life.step()
        if number % 10 == 0:
            check()
    clock.advance(400 * 86_400)
    check()
    assert lifecycle.next_due() is None or lifecycle.next_due() > clock.now()
    # The life was worth watching: everything happened, refusals too.
    happened = {"CreateHIT", "ApproveAssignment", "RejectAssignment", "SendBonus", "accept", "submit", "give_back"}
    happened |= {"UpdateExpirationForHIT", "UpdateHITTypeOfHIT", "CreateAdditionalAssignmentsForHIT"}
    assert happened <= set(life.done), life.done


def test_after_everything_is_over_nothing_is_held():
    life = Life(4)
    for _ in range(120):
        life.step()
    clock.advance(800 * 86_400)
    assert ledger.balance(life.requester)[1] == 0
    assert not HIT.objects.alive().exists()


def test_the_ledger_only_grows():
    entry = LedgerEntry.objects.get(requester=Requester.for_key("AKIAGROWS"))
    entry.amount = Decimal("1000000")
    with pytest.raises(TypeError, match="never changed"):
        entry.save()
    with pytest.raises(TypeError, match="never deleted"):
        entry.delete()
    with pytest.raises(TypeError, match="never changed"):
        LedgerEntry.objects.update(amount=0)
    with pytest.raises(TypeError, match="never deleted"):
        LedgerEntry.objects.filter(pk=entry.pk).delete()
    assert ledger.entries()[-1]["amount"] == "10000.00"


def test_large_amounts_are_exact_to_the_cent():
    requester = Requester.for_key("AKIALARGE")
    for _ in range(30):
        ledger.deposit(requester.pk, Decimal("99999999999.99"), at=clock.now())
    assert ledger.balance(requester)[0] == Decimal("10000.00") + 30 * Decimal("99999999999.99")


def test_a_movement_that_cannot_be_paid_leaves_no_row():
    requester = Requester.for_key("AKIAPOOR")
    before = LedgerEntry.objects.count()
    with contextlib.suppress(RequestError), transaction.atomic():
        OPERATIONS["CreateHIT"](
            requester, {**KIND, "Reward": "9999.99", "LifetimeInSeconds": 60, "MaxAssignments": 2, "Question": HTML}
        )
    assert LedgerEntry.objects.count() == before
    assert not HIT.objects.exists()
