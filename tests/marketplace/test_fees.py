"""Fees by date: HITs keep those of the time they were made, bonuses have those of the time they are paid."""

import subprocess
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from marketplace import clock, ledger, rates, work
from marketplace.models import FeeRate, LedgerEntry, Requester
from marketplace.operations import OPERATIONS
from marketplace.policies import RATES
from tests import servers
from tests.marketplace.conftest import Control
from tests.marketplace.making import HTML, KIND, balance, do, new_hit, refused

DAY = timedelta(days=1)


@pytest.fixture
def requester(db):
    yield Requester.for_key("AKIAFEES")
    rates.forget()


def call(requester, operation, **request):
    return OPERATIONS[operation](requester, request)


def made(requester, **changes):
    wanted = {**KIND, "Reward": "1.00", "LifetimeInSeconds": 86_400, "Question": HTML, **changes}
    return call(requester, "CreateHIT", **wanted)["HIT"]["HITId"]


def held(requester):
    return ledger.balance(requester)[1]


def submitted(hit_id, worker_id="AFEES"):
    return work.submit(work.accept(hit_id, worker_id).assignment_id, fields={"x": "1"}).assignment_id


def test_without_rows_the_usual_rates_hold(requester):
    assert rates.at(clock.now()) == RATES
    made(requester)
    assert held(requester) == Decimal("1.20")


def test_the_newest_rates_of_a_moment_hold(requester):
    now = clock.now()
    rates.announce(now + 2 * DAY, base=Decimal("0.50"))
    rates.announce(now + DAY, base=Decimal("0.10"), minimum=Decimal("0.05"))
    assert rates.at(now + DAY - timedelta(seconds=1)) == RATES
    assert (rates.at(now + DAY).base, rates.at(now + DAY).minimum) == (Decimal("0.10"), Decimal("0.05"))
    assert rates.at(now + 3 * DAY).base == Decimal("0.50")


def test_a_hit_keeps_its_rates_and_everything_held_is_released(requester):
    """Were the fee reckoned anew at each step, the holds would not come out even."""
    hit = made(requester, MaxAssignments=3)
    rates.announce(clock.now() + timedelta(hours=1), base=Decimal("0.50"), bonus=Decimal("0.40"))
    early = submitted(hit, "AEARLY")
    clock.advance(7200)
    later = submitted(hit, "ALATER")
    call(requester, "CreateAdditionalAssignmentsForHIT", HITId=hit, NumberOfAdditionalAssignments=1)
    assert held(requester) == 4 * Decimal("1.20")
    for assignment in (early, later):
        call(requester, "ApproveAssignment", AssignmentId=assignment)
    assert ledger.balance(requester) == (Decimal("10000.00") - 4 * Decimal("1.20"), 2 * Decimal("1.20"))
    call(requester, "UpdateExpirationForHIT", HITId=hit, ExpireAt=datetime.fromtimestamp(0, UTC))
    assert ledger.balance(requester) == (Decimal("10000.00") - 2 * Decimal("1.20"), Decimal("0.00"))
    call(requester, "SendBonus", WorkerId="AEARLY", AssignmentId=early, BonusAmount="1.00", Reason="r")
    assert LedgerEntry.objects.filter(kind="fee").latest("pk").amount == Decimal("0.40")
    assert held(requester) == 0
    made(requester)
    assert held(requester) == Decimal("1.50")


def test_how_many_are_many_is_a_rate_too(requester):
    rates.announce(clock.now() - DAY, many_from=5)  # nothing was published yet
    hit = made(requester, MaxAssignments=4)
    assert held(requester) == 4 * Decimal("1.20")
    with pytest.raises(Exception, match="fewer than 5 assignments and cannot be extended to 5"):
        call(requester, "CreateAdditionalAssignmentsForHIT", HITId=hit, NumberOfAdditionalAssignments=1)
    made(requester, MaxAssignments=5)
    assert held(requester) == 4 * Decimal("1.20") + 5 * Decimal("1.40")


def test_rates_are_announced_ahead_and_never_changed(requester):
    made(requester)
    now = clock.now()
    for wrong in (now - DAY, now, now + timedelta(seconds=59)):
        with pytest.raises(ValueError, match="at least a minute ahead"):
            rates.announce(wrong, base=Decimal("0.5"))
    row = rates.announce(now + DAY, base=Decimal("0.5"))
    with pytest.raises(ValueError, match="from that very time already"):
        rates.announce(now + DAY, base=Decimal("0.6"))
    with pytest.raises(ValidationError, match="at least a minute ahead"):  # a form's way
        FeeRate(valid_from=now).full_clean()
    with pytest.raises(ValidationError, match="valid_from"):
        FeeRate().full_clean()
    FeeRate(valid_from=now + 2 * DAY).full_clean()
    with pytest.raises(TypeError, match="never changed"):
        row.save()
    with pytest.raises(TypeError, match="never deleted"):
        row.delete()
    assert FeeRate.objects.get().base == Decimal("0.5")


@pytest.mark.parametrize(
    "changes",
    [{"base": Decimal("20")}, {"bonus": Decimal("-0.1")}, {"minimum": Decimal("101")}, {"many_from": 1}],
)
def test_rates_have_bounds(requester, changes):
    with pytest.raises(ValueError, match=r"from 0 to|2 or more"):
        rates.announce(clock.now() + DAY, **changes)
    assert not FeeRate.objects.exists()


def test_the_hot_path_does_not_ask_the_database_for_rates(requester, django_assert_num_queries):
    rates.at(clock.now())
    with django_assert_num_queries(0):
        for days in range(100):
            rates.at(datetime(2026, 1, 1, tzinfo=UTC) + days * DAY)


@pytest.fixture(scope="module")
def dear(tmp_path_factory):
    """A marketplace of its own whose fees its operator has changed by command."""
    folder = tmp_path_factory.mktemp("dear")

    def fees(*options):
        command = [*servers.MANAGE, "marketplace_fees", "--data", str(folder), *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (
        fees().stdout == "always: base=0.20 many_assignments=0.20 masters=0.05 bonus=0.20 minimum=0.01 many_from=10\n"
    )
    said = fees("--from", "2020-01-01", "--base", "0.3", "--minimum", "0.10")
    assert said.returncode == 0, said.stderr
    assert "from 2020-01-01T00:00:00Z: base=0.3000" in said.stdout
    for options, sentence in (
        (("--base", "0.3"), "Say from when"),
        (("--from", "soon"), "is not a date"),
        (("--from", "2099-01-01", "--base", "much"), "is not a number"),
        (("--from", "2099-01-01", "--base", "30"), "fraction from 0 to 1"),
    ):
        refused_options = fees(*options)
        assert refused_options.returncode
        assert sentence in refused_options.stderr
    with servers.marketplace(folder) as running:
        yield running


def test_fees_set_by_command_are_charged(dear):
    mturk, control = dear.client("AKIADEAR"), Control(dear)
    hit = new_hit(mturk, Reward="1.00", MaxAssignments=2)
    assert balance(mturk) == ("9997.40", "2.60")
    mturk.approve_assignment(AssignmentId=do(control, hit, "ADEAR"))
    assert balance(mturk) == ("9997.40", "1.30")
    new_hit(mturk, Reward="0.10")
    assert balance(mturk) == ("9997.20", "1.50")
    with refused("InsufficientFunds"):
        new_hit(mturk, Reward="7690.20")
    assert balance(mturk) == ("9997.20", "1.50")
