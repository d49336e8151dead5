"""A tiny language for amounts: `reward * 0.5 if agreement >= 90 else 0`.

Numbers, texts and truths are three things. Names stand for what is known of an assignment (NAMES); + - * / and
comparisons, `and`, `or`, `not`, `… if … else …`, min, max, abs, known. Nothing else is understood: no attribute, no
call of anything, no power. Arithmetic is decimal, and the result is rounded half up to the cent.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal, DivisionByZero, InvalidOperation, localcontext
from typing import Any

from marketplace.policies import to_cents

LONGEST, MOST_STEPS = 500, 120
LARGEST_NUMBER = Decimal(1_000_000_000)

#: Name -> ("number" or "text", what it is). A name without a value makes the whole formula unknown for that assignment.
NAMES = {
    "seconds": ("number", "Time between accepting and submitting."),
    "reward": ("number", "What the HIT pays, in dollars."),
    "agreement": (
        "number",
        "Percent of fields on which it says what most said; unknown where nobody else did the HIT.",
    ),
    "gold_score": ("number", "Percent of gold answers that it met. Unknown where there are none."),
    "data_verdict": ("text", "“usable”, “unusable”, “unsure”, “corrected”, or “” where nobody said."),
    "status": ("text", "“Submitted”, “Approved” or “Rejected”."),
}
Values = Mapping[str, "Decimal | str | None"]
_Step = Callable[[Values], Any]

_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
_COMPARISONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip


class FormulaError(Exception):
    """The formula is not one; the message is for the person who wrote it."""


class NotKnown(Exception):
    """The formula says nothing for this assignment; the message says what is missing."""


class Formula:
    """A formula, read once: `amount(values)` gives dollars and cents, or raises NotKnown."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        if not self.text:
            raise FormulaError("Write a formula, such as 0.05 or reward * 0.5.")
        if len(self.text) > LONGEST:
            raise FormulaError(f"The formula has {len(self.text)} characters; {LONGEST} is the most.")
        try:
            tree = ast.parse(" ".join(self.text.split()), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            place = f" at character {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
            raise FormulaError(f"The formula cannot be read{place}.") from None
        if sum(1 for _ in ast.walk(tree)) > MOST_STEPS * 2:
            raise FormulaError("The formula is too long.")
        self.names: set[str] = set()
        kind, self._step = self._read(tree.body)
        if kind != "number":
            raise FormulaError(f"The formula gives a {kind} instead of an amount. Write … if … else 0.")

    def amount(self, values: Values) -> Decimal:
        """Dollars, rounded half up to the cent; may be zero or less."""
        with localcontext() as context:
            context.prec = 28
            try:
                found = self._step(values)
                if not abs(found) <= LARGEST_NUMBER:
                    raise NotKnown("The formula gives more than any bonus can be.")
                return to_cents(found)
            except (DivisionByZero, InvalidOperation, ZeroDivisionError):
                raise NotKnown("The formula divides by zero.") from None

    def _read(self, node: ast.expr) -> tuple[str, _Step]:
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.BinOp):
            return self._arithmetic(node)
        if isinstance(node, ast.UnaryOp):
            return self._unary(node)
        if isinstance(node, ast.Compare):
            return "truth", self._compare(node)
        if isinstance(node, ast.BoolOp):
            steps = [self._of_kind(value, "truth") for value in node.values]
            every = isinstance(node.op, ast.And)
            return "truth", lambda values: (all if every else any)(step(values) for step in steps)
        if isinstance(node, ast.IfExp):
            return self._choice(node)
        if isinstance(node, ast.Call):
            return "number" if _called(node) != "known" else "truth", self._call(node)
        raise FormulaError(f"“{ast.unparse(node)[:60]}” is more than a formula can hold.")

    def _of_kind(self, node: ast.expr, wanted: str) -> _Step:
        kind, step = self._read(node)
        if kind != wanted:
            raise FormulaError(f"“{ast.unparse(node)[:60]}” is a {kind}; a {wanted} is needed there.")
        return step

    def _constant(self, node: ast.Constant) -> tuple[str, _Step]:
        value: Any = node.value
        if isinstance(value, str):
            return "text", lambda _: value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise FormulaError(f"“{ast.unparse(node)[:60]}” is no number.")
        if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            raise FormulaError("A number in the formula is too large.")
        number = Decimal(str(value))
        return "number", lambda _: number

    def _name(self, name: str) -> tuple[str, _Step]:
        if name not in NAMES:
            raise FormulaError(f"“{name[:60]}” is not known. There are {', '.join(NAMES)}.")
        self.names.add(name)

        def value(values: Values) -> Any:
            found = values.get(name)
            if found is None:
                raise NotKnown(f"“{name}” is not known for it.")
            return found

        return NAMES[name][0], value

    def _arithmetic(self, node: ast.BinOp) -> tuple[str, _Step]:
        if type(node.op) not in _ARITHMETIC:
            raise FormulaError("A formula has + - * / and no other arithmetic.")
        act = _ARITHMETIC[type(node.op)]
        left, right = self._of_kind(node.left, "number"), self._of_kind(node.right, "number")
        return "number", lambda values: act(left(values), right(values))

    def _unary(self, node: ast.UnaryOp) -> tuple[str, _Step]:
        if isinstance(node.op, ast.Not):
            truth = self._of_kind(node.operand, "truth")
            return "truth", lambda values: not truth(values)
        if not isinstance(node.op, (ast.USub, ast.UAdd)):
            raise FormulaError("A formula has + - * / and no other arithmetic.")
        number, sign = self._of_kind(node.operand, "number"), 1 if isinstance(node.op, ast.UAdd) else -1
        return "number", lambda values: number(values) * sign

    def _compare(self, node: ast.Compare) -> _Step:
        kinds_and_steps = [self._read(part) for part in (node.left, *node.comparators)]
        kinds = {kind for kind, _ in kinds_and_steps}
        if len(kinds) > 1 or kinds == {"truth"}:
            raise FormulaError(f"“{ast.unparse(node)[:60]}” compares things of different kinds.")
        for operation in node.ops:
            if type(operation) not in _COMPARISONS or (
                kinds == {"text"} and not isinstance(operation, (ast.Eq, ast.NotEq))
            ):
                raise FormulaError("Numbers compare by < <= > >= == !=, texts by == and !=.")
        compared = [_COMPARISONS[type(operation)] for operation in node.ops]
        steps = [step for _, step in kinds_and_steps]

        def holds(values: Values) -> bool:
            left = steps[0](values)
            for compare, step in zip(compared, steps[1:], strict=True):
                right = step(values)
                if not compare(left, right):
                    return False
                left = right
            return True

        return holds

    def _choice(self, node: ast.IfExp) -> tuple[str, _Step]:
        test = self._of_kind(node.test, "truth")
        kind, then = self._read(node.body)
        otherwise = self._of_kind(node.orelse, kind)
        return kind, lambda values: then(values) if test(values) else otherwise(values)

    def _call(self, node: ast.Call) -> _Step:
        name = _called(node)
        if name not in ("min", "max", "abs", "known") or node.keywords:
            raise FormulaError("A formula has the functions min, max, abs and known, and no other.")
        if name == "known":
            if len(node.args) != 1 or not isinstance(node.args[0], ast.Name):
                raise FormulaError("Write known(gold_score), with one name in it.")
            asked = node.args[0].id
            self._name(asked)
            return lambda values: values.get(asked) is not None
        steps = [self._of_kind(argument, "number") for argument in node.args]
        if not steps or (name == "abs" and len(steps) != 1):
            raise FormulaError(
                f"{name} needs numbers: {name}(0.10, seconds / 600)." if steps else f"{name}() is empty."
            )
        if name == "abs":
            return lambda values: abs(steps[0](values))
        pick = min if name == "min" else max
        return lambda values: pick(step(values) for step in steps)


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""
