"""QualificationRequirement structures: checked when a HIT type is made, judged when a worker looks for HITs.

A requirement always guards accepting; by its ActionsGuarded it may guard the preview too, and then also being found.
Source: api, section QualificationRequirement.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django_countries.data import COUNTRIES

from . import qualifications
from .errors import ParameterValidationError, RequestError
from .models import HITType, QualificationType, Requester, RequiredQualification, Worker
from .system_types import LOCALE, SYSTEM_TYPES

MOST = 10
# ISO 3166-2:US: the states, the federal district, and the territories.
STATES = frozenset({
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA", "ME",
    "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA",
    "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY",
    "DC", "AS", "GU", "MP", "PR", "UM", "VI",
})  # fmt: skip
_PREVIEW = {"PreviewAndAccept", "DiscoverPreviewAndAccept"}
_DISCOVER = {"DiscoverPreviewAndAccept"}

Requirements = list[dict[str, Any]]
Values = Mapping[str, int | None]

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "EqualTo": operator.eq,
    "NotEqualTo": operator.ne,
}


def checked(requirements: Requirements, requester: Requester) -> Requirements:
    """The requirements as MTurk echoes them, defaults filled in; an error that names what is wrong with one."""
    if len(requirements) > MOST:
        raise _invalid(f"There are {len(requirements)} QualificationRequirements; a HIT can have at most {MOST}.")
    check_usable(requirements, requester)
    return [_checked(requirement) for requirement in requirements]


def check_usable(requirements: Requirements, requester: Requester) -> None:
    """HITs can be made with these now: types of the system's or active ones of the requester's own (api:4591)."""
    own = [id for requirement in requirements if (id := requirement["QualificationTypeId"]) not in SYSTEM_TYPES]
    if not own:
        return
    rows = QualificationType.objects.filter(requester=requester, qualification_type_id__in=own, deleted_at=None)
    active = dict(rows.values_list("qualification_type_id", "is_active"))
    for type_id in own:
        if type_id not in active:
            raise unknown_type(type_id)
        if not active[type_id]:
            raise wrong_type_state("Active")


def record(hit_type: HITType) -> None:
    """Note which qualification types a new HIT type asks for."""
    RequiredQualification.objects.bulk_create(
        [RequiredQualification(hit_type=hit_type, qualification_type_id=id) for id in type_ids(hit_type.requirements)],
        ignore_conflicts=True,
    )


def type_ids(*requirements: Requirements) -> set[str]:
    """The qualification types that these lists of requirements ask about."""
    return {requirement["QualificationTypeId"] for each in requirements for requirement in each}


def unmet(requirements: Requirements, worker: Worker, values: Values | None = None) -> Requirements:
    """Those the worker does not meet. `values`, where many are judged at once: qualifications.values_of(worker, …)."""
    if values is None:
        values = qualifications.values_of(worker, type_ids(requirements)) if requirements else {}
    return [requirement for requirement in requirements if not _meets(requirement, worker, values)]


def may_discover(requirements: Requirements, worker: Worker, values: Values | None = None) -> bool:
    """Whether the worker finds HITs with these requirements among others."""
    return not unmet(_guarding(requirements, _DISCOVER), worker, values)


def may_preview(requirements: Requirements, worker: Worker, values: Values | None = None) -> bool:
    """Whether the worker may see the question without accepting. Finding it is asked for as well, being part of it."""
    return not unmet(_guarding(requirements, _PREVIEW), worker, values)


def may_accept(requirements: Requirements, worker: Worker, values: Values | None = None) -> bool:
    """Whether the worker may do it: every requirement is met."""
    return not unmet(requirements, worker, values)


def unknown_type(type_id: str) -> RequestError:
    return RequestError(
        f"QualificationType [{type_id[:64]}] does not exist.", "AWS.MechanicalTurk.QualificationTypeDoesNotExist"
    )


def wrong_type_state(allowed: str) -> RequestError:
    return RequestError(
        f"This operation can be called with a status of: {allowed}", "AWS.MechanicalTurk.InvalidQualificationTypeState"
    )


def _guarding(requirements: Requirements, actions: Iterable[str]) -> Requirements:
    return [requirement for requirement in requirements if requirement["ActionsGuarded"] in actions]


def _invalid(sentence: str) -> ParameterValidationError:
    return ParameterValidationError(sentence)


def _checked(requirement: Mapping[str, Any]) -> dict[str, Any]:
    type_id, comparator = requirement["QualificationTypeId"], requirement["Comparator"]
    integers, locales = requirement.get("IntegerValues") or [], requirement.get("LocaleValues") or []
    about = f"the QualificationRequirement for {type_id}"
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
    if country not in COUNTRIES:
        raise _invalid(f"The Country {country} in {about} is not an ISO 3166 country code, e.g. US.")
    if subdivision and country != "US":  # api:5174
        raise _invalid(
            f"The Subdivision {subdivision} cannot be used in {about}: only those of the United States are known."
        )
    if subdivision and subdivision not in STATES:
        raise _invalid(f"The Subdivision {subdivision} in {about} is no state of the United States, e.g. CA.")


def _meets(requirement: Mapping[str, Any], worker: Worker, values: Values) -> bool:
    comparator = requirement["Comparator"]
    value = values[requirement["QualificationTypeId"]]
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
