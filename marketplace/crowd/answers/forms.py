"""A whole QuestionForm, filled in so that its own constraints take it."""

import math

from marketplace.documents.forms import Item, SelectionAnswer, TextAnswer, problems

from .hand import CannotAnswer, Hand
from .texts import TextRules

Fields = dict[str, str | list[str]]


def fill_in(items: list[Item], hand: Hand) -> Fields:
    """QuestionIdentifier to text, or to SelectionIdentifiers; CannotAnswer where a required question has no answer."""
    fields: Fields = {}
    for item in items:
        hand.check_time()
        filled: str | list[str] = ""
        if item.selection_answer is not None:
            filled = _selected(item, item.selection_answer, hand)
        elif item.text_answer is not None:
            filled = _written(item, item.text_answer, hand)
        elif item.identifier and item.is_required:
            raise CannotAnswer(f'The question "{item.identifier[:60]}" asks for a file, and the crowd has none.')
        if item.identifier and filled:
            fields[item.identifier] = filled
    posted = {name: [value] if isinstance(value, str) else value for name, value in fields.items()}
    for name, problem in problems(items, posted).items():
        raise CannotAnswer(f'The crowd finds no answer for the question "{name[:60]}": {problem}')
    return fields


def _selected(item: Item, answer: SelectionAnswer, hand: Hand) -> str | list[str]:
    name, options = item.identifier, [choice.identifier for choice in answer.choices]
    truth = hand.hint(name).get("truth")
    is_other = isinstance(truth, str) and truth not in options and "|" not in truth
    if answer.other is not None and is_other and hand.careful():
        return str(truth)
    if answer.is_single:
        return hand.choice(name, options)
    least = answer.least if item.is_required else max(1, answer.least)
    return hand.several(name, options, least, min(answer.most, len(options)))


def _written(item: Item, answer: TextAnswer, hand: Hand) -> str:
    name, hint = item.identifier, hand.hint(item.identifier)
    required = item.is_required or bool(answer.least)
    if not answer.is_numeric and "spread" not in hint:
        patterns = tuple((pattern, ignores_case, False) for pattern, ignores_case, _ in answer.patterns)
        rules = TextRules(least=answer.least or 0, most=answer.most, patterns=patterns, is_long=answer.lines > 1)
        return hand.text(name, required=required, rules=rules)
    low = float(hint.get("least", 0)) if answer.min_value is None else float(answer.min_value)
    usual = max(low + 100, float(hint.get("most", 1000)) if "spread" in hint else 0.0)
    high = usual if answer.max_value is None else float(answer.max_value)
    if answer.min_value is None and high < low:
        low = high - 100
    if math.ceil(low) <= high:  # numbers that people are asked for are whole ones, unless none lies between the bounds
        return hand.number(name, math.ceil(low), high)
    return hand.number(name, low, max(low, high), (high - low) / 10 or 1)
