"""A rule as a sentence: what it looks for and what it then proposes."""

from typing import Any

from hits.answers.text import one_line
from hits.models import Rule
from hits.rules.reading import in_words, listed, seconds_in_words

#: What each look is for, where somebody chooses one.
ABOUT = {
    Rule.Look.GOLD: "Compares with answers that you know are right, for one answer or for all that a worker did.",
    Rule.Look.PLURALITY: "Compares with what most others said about the same HIT.",
    Rule.Look.ATTENTION: "A field that has one right answer for everybody who reads the task.",
    Rule.Look.TIME: "Too quick to have read the task: in seconds, or against the batch's median.",
    Rule.Look.DUPLICATE: "A text that the same worker, or another one, handed in before.",
    Rule.Look.EMPTY: "Fields that have to be filled in and are not.",
    Rule.Look.CODE: "A code from a survey elsewhere: expected, of the right form, and used only once.",
}
ICONS = {
    Rule.Look.GOLD: "rosette-discount-check",
    Rule.Look.PLURALITY: "users",
    Rule.Look.ATTENTION: "eye",
    Rule.Look.TIME: "clock",
    Rule.Look.DUPLICATE: "copy",
    Rule.Look.EMPTY: "square-check",
    Rule.Look.CODE: "key",
}


def condition(look: str, settings: dict[str, Any], *, passed: bool) -> str:
    """When it proposes something: `it took less than 20 s`."""
    field = one_line(settings.get("field") or "", 40)
    if look == Rule.Look.GOLD:
        or_more = " or more" if settings["percent"] < 100 else ""
        bar = f"{settings['percent']} %{or_more}" if passed else f"less than {settings['percent']} %"
        if settings.get("of") == "worker":
            return f"its worker met {bar} of the gold in at least {settings['least']} tasks of the batch"
        return f"it meets {bar} of at least {settings['least']} gold answers"
    if look == Rule.Look.PLURALITY:
        others = f"most of at least {settings['others']} others"
        if field:
            return f"it {'agrees' if passed else 'disagrees'} with {others} in {field}"
        share = f"{'at most' if passed else 'more than'} {settings['percent']} % of the fields"
        return f"it disagrees with {others} in {share}"
    if look == Rule.Look.ATTENTION:
        accepted = " or ".join(in_words(one, 40) for one in settings["accepted"][:3])
        return f"{field} is {'' if passed else 'not '}{accepted}"
    if look == Rule.Look.TIME:
        if settings.get("percent_of_median"):
            limit = f"{settings['percent_of_median']} % of the batch's median time"
        else:
            limit = seconds_in_words(settings["seconds"])
        return f"it took {'at least' if passed else 'less than'} {limit}"
    if look == Rule.Look.DUPLICATE:
        whose = {"own": "of this worker's other answers", "others": "of other workers", "any": "of anybody"}
        where = f"{field or 'a text'} of {settings['characters']} characters or more"
        return f"{where} {'repeats nothing' if passed else 'repeats that'} {whose[settings['whose']]}"
    if look == Rule.Look.EMPTY:
        names = listed(settings["fields"]) if settings.get("fields") else "every field the task requires"
        return f"{names} {'is filled in' if passed else 'is not filled in'}"
    wanted = []
    if settings.get("codes"):
        wanted.append(f"one of {len(settings['codes']):,} expected codes")
    if settings.get("pattern"):
        wanted.append(f"of the form {one_line(settings['pattern'], 60)}")
    if settings.get("once"):
        wanted.append("used for the first time")
    return f"{field} is {'' if passed else 'not '}{', '.join(wanted) or 'a code'}"


def proposal(rule: Rule) -> str:
    """What it proposes: `Reject`, `Bonus of $0.25`."""
    if rule.proposal == Rule.Proposal.BONUS:
        return f"Bonus of ${rule.amount:,.2f}"
    if rule.proposal == Rule.Proposal.SOFT_BLOCK:
        return "Soft block the worker"
    return str(rule.get_proposal_display())


def sentence(rule: Rule) -> str:
    return f"{proposal(rule)} where {condition(rule.look, rule.settings, passed=rule.when_passed)}"
