"""The little language for amounts: what it says, and that it is nothing more than that."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.formula import NAMES, Formula, FormulaError, NotKnown, Values

KNOWN: Values = {
    "seconds": Decimal(90), "reward": Decimal("0.10"), "agreement": Decimal(95), "gold_score": None,
    "data_verdict": "usable", "status": "Approved",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0.05", "0.05"),
        ("0.104", "0.10"),
        ("0.105", "0.11"),
        ("reward * 0.5", "0.05"),
        ("reward + 0.1 + 0.2", "0.40"),
        ("0.20 if agreement >= 90 else 0", "0.20"),
        ("0.20 if 90 <= agreement < 95 else 0", "0.00"),
        ("min(0.5, seconds / 3600 * 15)", "0.38"),
        ("max(0.01, reward - 1)", "0.01"),
        ("-reward", "-0.10"),
        ("abs(-0.3)", "0.30"),
        ("0.1 if data_verdict == 'usable' and not status != \"Approved\" else 0.2", "0.10"),
        ("gold_score / 100 if known(gold_score) else 0.07", "0.07"),
        ("0.1 if agreement > 10 or gold_score > 10 else 0", "0.10"),
        ("  (1 +\n 1) / 3 ", "0.67"),
    ],
)
def test_a_formula_gives_an_amount_in_cents(text: str, amount: str) -> None:
    assert Formula(text).amount(KNOWN) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Write a formula"),
        ("0.1 +", "cannot be read"),
        ("9" * 501, "500 is the most"),
        ("1e999", "too large"),
        ("9999999999", "too large"),
        ("wages", "“wages” is not known. There are seconds, reward"),
        ("agreement > 90", "gives a truth instead of an amount"),
        ("data_verdict", "gives a text"),
        ("0.1 if agreement else 0", "a truth is needed"),
        ("reward + 'x'", "a number is needed"),
        ("0.1 if data_verdict == 1 else 0", "different kinds"),
        ("0.1 if data_verdict < 'x' else 0", "texts by == and !="),
        ("2 ** 99", "no other arithmetic"),
        ("7 // 2", "no other arithmetic"),
        ("~1", "no other arithmetic"),
        ("min()", "empty"),
        ("round(1.5)", "no other"),
        ("True", "no number"),
        ("1j", "no number"),
        ("().__class__", "more than a formula can hold"),
        ("__import__('os').system('x')", "no other"),
        ("[1 for _ in 'x']", "more than a formula can hold"),
        ("(lambda: 1)()", "no other"),
        ("reward.real", "more than a formula can hold"),
        ("f'{reward}'", "more than a formula can hold"),
        ("known(1)", "Write known"),
        ("(" * 240 + "1" + ")" * 240, "cannot be read"),
        ("+".join(["1"] * 200), "too long"),
    ],
)
def test_what_is_no_formula_is_said_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(FormulaError, match=r".*") as found:
        Formula(text)
    assert sentence in str(found.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("gold_score * 0.1", "“gold_score” is not known for it."),
        ("1 / (agreement - 95)", "divides by zero"),
        ("0 / (agreement - 95)", "divides by zero"),
        ("*".join(["999999999"] * 30), "more than any bonus"),
    ],
)
def test_where_a_formula_cannot_tell_it_says_so_and_pays_nothing(text: str, sentence: str) -> None:
    with pytest.raises(NotKnown, match=sentence):
        Formula(text).amount(KNOWN)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from([*NAMES, "(", ")", "+", "/", "if", "else", "0.1", "min", "<", "and", ",", "'x'"]), max_size=14).map(" ".join)))  # fmt: skip # noqa: E501
def test_whatever_is_typed_is_an_amount_or_a_sentence(text: str) -> None:
    try:
        amount = Formula(text).amount(KNOWN)
    except (FormulaError, NotKnown):
        return
    assert amount == amount.quantize(Decimal("0.01"))
