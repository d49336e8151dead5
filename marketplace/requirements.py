"""QualificationRequirement structures: checked when a HIT type is made, judged when a worker wants to accept.

Only the system's own qualification types exist so far; their values come from the marketplace's history and the
worker's profile. Source: api, section QualificationRequirement.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from .errors import ParameterValidationError, RequestError
from .models import Assignment, Worker
from .policies import MASTERS_TYPES

MOST = 10
APPROVED, PERCENT, LOCALE, ADULT = (
    "00000000000000000040",
    "000000000000000000L0",
    "00000000000000000071",
    "00000000000000000060",
)
SYSTEM_TYPES = {APPROVED, PERCENT, LOCALE, ADULT, *MASTERS_TYPES}
_COUNTRY = re.compile("[A-Z]{2}")
# Below this many submissions a single rejection would say nothing, so the rate counts as 100 % (api:4768).
MEANINGFUL = 100

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "EqualTo": operator.eq,
    "NotEqualTo": operator.ne,
}


def checked(requirements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The requirements as MTurk echoes them, defaults filled in; an error that names what is wrong with one."""
    if len(requirements) > MOST:
        raise _invalid(f"There are {len(requirements)} QualificationRequirements; a HIT can have at most {MOST}.")
    return [_checked(requirement) for requirement in requirements]


def unmet(requirements: list[dict[str, Any]], worker: Worker) -> list[dict[str, Any]]:
    """Those the worker does not meet."""
    return [requirement for requirement in requirements if not _meets(requirement, worker)]


def _invalid(sentence: str) -> ParameterValidationError:
    return ParameterValidationError(sentence)


def _checked(requirement: Mapping[str, Any]) -> dict[str, Any]:
    type_id, comparator = requirement["QualificationTypeId"], requirement["Comparator"]
    integers, locales = requirement.get("IntegerValues") or [], requirement.get("LocaleValues") or []
    about = f"the QualificationRequirement for {type_id}"
    if type_id not in SYSTEM_TYPES:
        raise RequestError(
            f"QualificationType [{type_id}] does not exist.", "AWS.MechanicalTurk.QualificationTypeDoesNotExist"
        )
    if comparator in {"Exists", "DoesNotExist"}:
        if integers or locales:
            raise _invalid(f"IntegerValues and LocaleValues must not be present in {about}: it says {comparator}.")
    elif type_id == LOCALE:
        _check_values(about, comparator, "LocaleValues", locales, integers, most=30)
        if comparator not in {"EqualTo", "NotEqualTo", "In", "NotIn"}:
            raise _invalid(f"The Comparator {comparator} cannot be used in {about}: locales have no order.")
        for locale in locales:
            _check_locale(about, locale)
    else:
        _check_values(about, comparator, "IntegerValues", integers, locales, most=15)
    echo: dict[str, Any] = {"QualificationTypeId": type_id, "Comparator": comparator}
    if integers:
        echo["IntegerValues"] = integers
    if locales:
        echo["LocaleValues"] = locales
    guarded = requirement.get("ActionsGuarded")
    if guarded is None:  # RequiredToPreview is the older way to say it
        guarded = "PreviewAndAccept" if requirement.get("RequiredToPreview") else "Accept"
    echo["RequiredToPreview"] = guarded != "Accept"
    echo["ActionsGuarded"] = guarded
    return echo


def _check_values(about: str, comparator: str, name: str, values: list, others: list, *, most: int) -> None:
    if others:
        other = "LocaleValues" if name == "IntegerValues" else "IntegerValues"
        raise _invalid(f"{other} cannot be used in {about}: use {name}.")
    if comparator not in {"In", "NotIn"}:
        most = 1
    if not 1 <= len(values) <= most:
        how_many = "exactly one value" if most == 1 else f"1 to {most} values"
        raise _invalid(f"{name} has {len(values)} values in {about}; {comparator} needs {how_many}.")


def _check_locale(about: str, locale: Mapping[str, str]) -> None:
    country, subdivision = locale["Country"], locale.get("Subdivision")
    if not _COUNTRY.fullmatch(country):
        raise _invalid(f"The Country {country} in {about} is not an ISO 3166 country code, e.g. US.")
    if subdivision and country != "US":  # api:5174
        raise _invalid(
            f"The Subdivision {subdivision} cannot be used in {about}: only those of the United States are known."
        )


def _meets(requirement: Mapping[str, Any], worker: Worker) -> bool:
    comparator = requirement["Comparator"]
    value = _value(requirement["QualificationTypeId"], worker)
    if comparator in {"Exists", "DoesNotExist"}:
        return (value is not None) == (comparator == "Exists")
    if value is None:
        return False
    if requirement["QualificationTypeId"] == LOCALE:
        inside = any(
            locale["Country"] == worker.country and locale.get("Subdivision") in {None, worker.subdivision}
            for locale in requirement["LocaleValues"]
        )
        return inside == (comparator in {"EqualTo", "In"})
    wanted = requirement["IntegerValues"]
    if comparator in {"In", "NotIn"}:
        return (value in wanted) == (comparator == "In")
    return _COMPARE[comparator](value, wanted[0])


def _value(type_id: str, worker: Worker) -> int | None:
    """The worker's value, or None without that qualification; a known locale counts as 1."""
    if type_id == LOCALE:
        return 1 if worker.country else None
    if type_id == ADULT:
        return int(worker.accepts_adult_content)
    if type_id in MASTERS_TYPES:
        return 1 if worker.is_master else None
    approved = worker.assignments.filter(status=Assignment.Status.APPROVED).count()
    if type_id == APPROVED:
        return approved
    handed_in = worker.assignments.filter(status__in=Assignment.HANDED_IN).count()
    return 100 if handed_in < MEANINGFUL else approved * 100 // handed_in
