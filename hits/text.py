"""What MTurk says in structures, as sentences: the requirements of a HIT type and the counts of a HIT. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from marketplace.policies import MASTERS_TYPES

_APPROVED, _PERCENT = "00000000000000000040", "000000000000000000L0"
_LOCALE, _ADULT = "00000000000000000071", "00000000000000000060"
_NAMES = {
    _APPROVED: "Number of HITs approved",
    _PERCENT: "Approval rate in percent",
    _LOCALE: "Location",
    _ADULT: "Adult content qualification",
    **dict.fromkeys(MASTERS_TYPES, "Masters"),
}
_COMPARED = {
    "LessThan": "below {}",
    "LessThanOrEqualTo": "at most {}",
    "GreaterThan": "above {}",
    "GreaterThanOrEqualTo": "at least {}",
    "EqualTo": "exactly {}",
    "NotEqualTo": "not {}",
    "In": "one of {}",
    "NotIn": "none of {}",
}
_GUARDED = {
    "Accept": "others see it, and cannot take it",
    "PreviewAndAccept": "others find its title, and cannot open it",
    "DiscoverPreviewAndAccept": "others do not see it",
}


def requirement_words(requirement: Mapping[str, Any]) -> str:
    """One QualificationRequirement (api: QualificationRequirement) as a sentence: "Approval rate in percent: at least
    95 (others see it, and cannot take it)". Whatever a member holds, there is a sentence."""
    type_id = str(requirement.get("QualificationTypeId", ""))
    name = _NAMES.get(type_id, f"Qualification {type_id}")
    comparator = str(requirement.get("Comparator", ""))
    values = [str(value) for value in _list(requirement.get("IntegerValues"))]
    values += [_place(value) for value in _list(requirement.get("LocaleValues"))]
    if comparator == "Exists":
        words = "Masters only" if type_id in MASTERS_TYPES else f"{name}: has it"
    elif comparator == "DoesNotExist":
        words = "No Masters" if type_id in MASTERS_TYPES else f"{name}: does not have it"
    elif type_id == _ADULT and values == ["1"] and comparator == "EqualTo":
        words = "Agreed to see adult content"
    elif type_id == _LOCALE and comparator in ("EqualTo", "In"):
        words = f"Lives in {' or '.join(values)}"
    elif type_id == _LOCALE and comparator in ("NotEqualTo", "NotIn"):
        words = f"Does not live in {' or '.join(values)}"
    else:
        compared = _COMPARED.get(comparator, f"{comparator} {{}}".strip())
        words = f"{name}: {compared.replace('{}', ', '.join(values))}".strip()
    guarded = requirement.get("ActionsGuarded") or ("PreviewAndAccept" if requirement.get("RequiredToPreview") else "")
    return f"{words} ({_GUARDED[guarded]})" if guarded in _GUARDED else words


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _place(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    country, part = str(value.get("Country", "")), str(value.get("Subdivision", ""))
    return f"{country}-{part}" if part else country


def requirements_words(requirements: Iterable[Any]) -> list[str]:
    return [requirement_words(item) for item in requirements if isinstance(item, Mapping)]


def counts_words(
    *, wanted: int, available: int, pending: int, waiting: int, approved: int, rejected: int, over: bool
) -> list[tuple[str, str]]:
    """The counts of a HIT as sentences, each with what the API calls it. Numbers of assignments."""
    rows = [(f"{_workers(wanted)} asked for in all", "MaxAssignments")]
    if over:
        rows.append(
            ("nobody can take it any more, its time is over", "NumberOfAssignmentsAvailable is 0 after the end")
        )
    elif available:
        rows.append((f"{_workers(available)} can still take it", "NumberOfAssignmentsAvailable"))
    else:
        rows.append(("nobody else can take it, every place is taken", "NumberOfAssignmentsAvailable is 0"))
    if pending:
        rows.append(
            (
                f"{_workers(pending)} {'is' if pending == 1 else 'are'} still on it",
                "NumberOfAssignmentsPending: accepted and not yet submitted; MTurk also counts whoever looks at it",
            )
        )
    rows.append(
        (
            f"{_answers(waiting)} {'waits' if waiting == 1 else 'wait'} for review",
            "AssignmentStatus Submitted; in none of the three counts MTurk gives for a HIT",
        )
    )
    if approved or rejected:
        rows.append(
            (
                f"{_answers(approved)} approved" + (f", {rejected:,} rejected" if rejected else ""),
                "NumberOfAssignmentsCompleted counts both",
            )
        )
    return rows


def _workers(number: int) -> str:
    return "1 worker" if number == 1 else f"{number:,} workers"


def _answers(number: int) -> str:
    return "1 answer" if number == 1 else f"{number:,} answers"
