"""Who may take a HIT: a form's rows <-> QualificationRequirements (api: QualificationRequirement). Pure.

A row of the form is four texts: which qualification, how it is compared, with what, and what it keeps others from. The
names of its inputs are requirement-0-type, requirement-0-comparator, requirement-0-values, requirement-0-guard.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST = 10
APPROVED, PERCENT = "00000000000000000040", "000000000000000000L0"
LOCALE, ADULT = "00000000000000000071", "00000000000000000060"
MASTERS, MASTERS_SANDBOX = "2F1QJWKUDD8XADTFD2Q0G6UTO95ALH", "2ARFPLSP75KLA8M8DH1HTEQVJT3SY6"
#: MTurk's own, in the order they are offered: id -> what it is called here.
SYSTEM = {
    PERCENT: "Approval rate, in percent",
    APPROVED: "Number of HITs approved",
    LOCALE: "Location",
    MASTERS: "Masters",
    MASTERS_SANDBOX: "Masters (sandbox)",
    ADULT: "Agreed to adult content",
}
COMPARATORS = {
    "GreaterThanOrEqualTo": "at least",
    "GreaterThan": "above",
    "LessThan": "below",
    "LessThanOrEqualTo": "at most",
    "EqualTo": "is",
    "NotEqualTo": "is not",
    "In": "is one of",
    "NotIn": "is none of",
    "Exists": "has it",
    "DoesNotExist": "does not have it",
}
WITHOUT_VALUE = ("Exists", "DoesNotExist")
SEVERAL = ("In", "NotIn")
OF_PLACES = ("EqualTo", "NotEqualTo", "In", "NotIn", *WITHOUT_VALUE)
GUARDS = {
    "Accept": "others see it and cannot take it",
    "PreviewAndAccept": "others find its title and cannot open it",
    "DiscoverPreviewAndAccept": "others do not see it at all",
}
_MOST_NUMBERS, _MOST_PLACES = 15, 30
_LARGEST = 2**31 - 1
_PLACE = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,3}))?")
_TYPE_ID = re.compile(r"[A-Z0-9]{1,64}")
_PREFIX = "requirement"


@dataclass(frozen=True, slots=True)
class Row:
    """As it stands in the form; `values` are separated by commas."""

    type_id: str = ""
    comparator: str = "GreaterThanOrEqualTo"
    values: str = ""
    guard: str = "Accept"

    @property
    def is_empty(self) -> bool:
        return not self.type_id and not self.values.strip()


def read(said: Mapping[str, Any]) -> list[Row]:
    """The rows that were sent, empty ones too; `said` is a QueryDict or a dict of texts."""
    rows = []
    for number in range(MOST):
        name = f"{_PREFIX}-{number}"
        if f"{name}-type" not in said:
            continue
        rows.append(
            Row(
                str(said[f"{name}-type"]).strip().upper()[:64],
                str(said.get(f"{name}-comparator") or "")[:40],
                str(said.get(f"{name}-values") or "")[:1000],
                str(said.get(f"{name}-guard") or "Accept")[:40],
            )
        )
    return rows


def check(rows: Iterable[Row], known: Mapping[str, str]) -> tuple[list[dict[str, Any]], dict[int, str]]:
    """The API's structures, and for each wrong row (by its place) a sentence. Empty rows ask for nothing.

    `known`: id -> name of the account's own types; whoever types another id means it.
    """
    found: list[dict[str, Any]] = []
    wrong: dict[int, str] = {}
    for place, row in enumerate(rows):
        if row.is_empty:
            continue
        made = _requirement(row, known)
        if isinstance(made, str):
            wrong[place] = made
        elif made in found:
            wrong[place] = "This stands there twice; once is enough."
        else:
            found.append(made)
    return found, wrong


def _requirement(row: Row, known: Mapping[str, str]) -> dict[str, Any] | str:
    """The API's structure of a row, or the sentence that says what is wrong with it."""
    if not _TYPE_ID.fullmatch(row.type_id):
        return "Choose a qualification."
    if row.comparator not in COMPARATORS:
        return "Choose how it is compared."
    if row.guard not in GUARDS:
        return "Choose what others are kept from."
    name = SYSTEM.get(row.type_id) or known.get(row.type_id) or row.type_id
    made: dict[str, Any] = {"QualificationTypeId": row.type_id, "Comparator": row.comparator}
    values = [value.strip() for value in re.split(r"[,;\s]+", row.values) if value.strip()]
    if row.comparator in WITHOUT_VALUE:
        values = []  # what stood there for another comparison is not meant
    elif row.type_id == LOCALE:
        places = _places(row.comparator, values)
        if isinstance(places, str):
            return places
        made["LocaleValues"] = places
    elif row.type_id in (MASTERS, MASTERS_SANDBOX):
        return "Masters have it or do not: choose “has it” or “does not have it”."
    else:
        numbers = _numbers(row.comparator, values, name)
        if isinstance(numbers, str):
            return numbers
        if row.type_id == PERCENT and any(not 0 <= number <= 100 for number in numbers):
            return "A rate is from 0 to 100 percent."
        made["IntegerValues"] = numbers
    return {**made, "ActionsGuarded": row.guard}


def _numbers(comparator: str, values: Sequence[str], name: str) -> list[int] | str:
    for value in values:
        if not re.fullmatch(r"[-+]?\d{1,10}", value) or abs(int(value)) > _LARGEST:
            return f"“{value[:40]}” is no whole number, which the value of “{name[:60]}” is."
    return _counted(comparator, [int(value) for value in values], _MOST_NUMBERS, "a whole number, such as 95")


def _places(comparator: str, values: Sequence[str]) -> list[dict[str, str]] | str:
    if comparator not in OF_PLACES:
        return "Places have no order: choose is, is not, is one of, or is none of."
    places = []
    for value in values:
        found = _PLACE.fullmatch(value.upper().replace("_", "-"))
        if found is None:
            return f"“{value[:40]}” is no place: write a country as US or DE, a state of the US as US-CA."
        if found[2] and found[1] != "US":
            return f"“{value[:40]}”: only states of the US can be told apart. Write {found[1]}."
        places.append({"Country": found[1], **({"Subdivision": found[2]} if found[2] else {})})
    return _counted(comparator, places, _MOST_PLACES, "a country, such as US or DE")


def _counted(comparator: str, values: list[Any], most: int, what: str) -> Any:
    if not values:
        return f"Say with what it is compared: {what}."
    if comparator not in SEVERAL and len(values) > 1:
        return f"“{COMPARATORS[comparator]}” takes one value. Choose “is one of” for several."
    if len(values) > most:
        return f"{len(values)} values are too many; {most} is the most."
    return values


def rows_of(requirements: Any) -> list[Row]:
    """The form's rows for what the API gave; what is no requirement is left out."""
    rows = []
    for requirement in requirements if isinstance(requirements, list | tuple) else []:
        if not isinstance(requirement, Mapping):
            continue
        places = [each for each in requirement.get("LocaleValues") or [] if isinstance(each, Mapping)]
        values = [str(value) for value in requirement.get("IntegerValues") or []]
        values += ["-".join(filter(None, [each.get("Country"), each.get("Subdivision")])) for each in places]
        guard = requirement.get("ActionsGuarded")
        if guard not in GUARDS:
            guard = "PreviewAndAccept" if requirement.get("RequiredToPreview") is True else "Accept"
        rows.append(
            Row(
                str(requirement.get("QualificationTypeId", "")), str(requirement.get("Comparator", "")),
                ", ".join(values), str(guard),
            )
        )  # fmt: skip
    return rows


def as_json(requirements: Sequence[Mapping[str, Any]]) -> str:
    """As an API client takes it; ids and numbers only, so that nothing needs to be escaped by hand."""
    return json.dumps(list(requirements), indent=2)


def as_boto3(requirements: Sequence[Mapping[str, Any]]) -> str:
    """A call that publishes with these requirements, to be pasted into a script."""
    # In JSON there is nothing here that Python would write otherwise: texts, whole numbers, lists.
    inner = as_json(requirements).replace("\n", "\n    ")
    return (
        f"mturk.create_hit(\n    # … Title, Reward, Question and the rest …\n    QualificationRequirements={inner},\n)"
    )
