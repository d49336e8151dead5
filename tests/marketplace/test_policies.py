"""Fees: rates, surcharges, rounding and the least fee."""

import subprocess
import sys
from decimal import Decimal

import pytest

from marketplace import policies


def dollars(text):
    return Decimal(text)


@pytest.mark.parametrize(
    ("reward", "assignments", "masters", "fee"),
    [
        ("0.50", 1, False, "0.10"),
        ("0.50", 9, False, "0.10"),
        ("0.50", 10, False, "0.20"),
        ("1.00", 1, True, "0.25"),
        ("1.00", 10, True, "0.45"),
        ("0.01", 1, False, "0.01"),  # 0.002: the least fee
        ("0.00", 1, False, "0.01"),
        ("0.52", 1, False, "0.10"),  # 0.104
        ("0.42", 1, True, "0.11"),  # 0.105, half up
        ("0.10", 1, True, "0.03"),  # 0.025, half up and not to even
    ],
)
def test_fee_of_an_assignment(reward, assignments, masters, fee):
    got = policies.assignment_fee(dollars(reward), max_assignments=assignments, masters=masters)
    assert str(got) == fee
    cost = policies.assignment_cost(dollars(reward), max_assignments=assignments, masters=masters)
    assert cost == dollars(reward) + dollars(fee)


@pytest.mark.parametrize(
    ("amount", "fee"), [("1.00", "0.20"), ("0.01", "0.01"), ("0.13", "0.03"), ("9999.99", "2000.00")]
)
def test_fee_of_a_bonus(amount, fee):
    assert str(policies.bonus_fee(dollars(amount))) == fee
    assert policies.bonus_cost(dollars(amount)) == dollars(amount) + dollars(fee)


def test_other_rates_than_todays():
    old = policies.FeeRates(base=dollars("0.10"), many_assignments=dollars("0"), minimum=dollars("0.005"))
    assert policies.assignment_fee(dollars("1.00"), max_assignments=50, rates=old) == dollars("0.10")


def test_masters_are_asked_for_in_either_environment_but_not_by_their_absence():
    def asked(type_id, comparator):
        return policies.asks_for_masters([{"QualificationTypeId": type_id, "Comparator": comparator}])

    assert asked("2F1QJWKUDD8XADTFD2Q0G6UTO95ALH", "Exists")
    assert asked("2ARFPLSP75KLA8M8DH1HTEQVJT3SY6", "Exists")
    assert not asked("2F1QJWKUDD8XADTFD2Q0G6UTO95ALH", "DoesNotExist")
    assert not asked("00000000000000000040", "Exists")


def test_the_shared_parts_need_no_django():
    code = (
        "import sys; sys.modules['django'] = None\n"
        "import marketplace.documents, marketplace.policies\n"
        "assert not [name for name in sys.modules if name.startswith('django.')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
