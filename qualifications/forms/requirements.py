"""The requirement builder: what templates/qualifications/requirements.html shows, whatever page it stands on.

    builder = Builder(account, said=request.POST)        # or requirements=[…] of the API, or nothing
    if builder.is_valid():
        builder.requirements                             # as CreateHIT takes them
    {% include "qualifications/requirements.html" %}     # inside a form of yours

Its buttons (add, remove) go to the view `requirements`, which answers with the rows again.
"""

from collections.abc import Mapping
from typing import Any

from dashboard.models import Account, Environment
from qualifications.models import Panel, QualificationType
from qualifications.requirements import (
    COMPARATORS,
    GUARDS,
    MASTERS,
    MASTERS_SANDBOX,
    MOST,
    SYSTEM,
    WITHOUT_VALUE,
    Row,
    as_boto3,
    as_json,
    check,
    read,
    rows_of,
)

#: Of an account that has more, the newest; another one's id can be typed by whoever knows it (it stays offered).
MOST_TYPES = 300


class Builder:
    """Rows as they were sent, or as the API has them, with what can be chosen and what is wrong."""

    def __init__(self, account: Account, *, said: Mapping[str, Any] | None = None, requirements: Any = None) -> None:
        self.account = account
        self.rows: list[Row] = read(said) if said is not None else rows_of(requirements)
        self.checked = False
        self.requirements: list[dict[str, Any]] = []
        self.wrong: dict[int, str] = {}
        kinds = QualificationType.objects.of(account).own().present().exclude(status__in=["Creating", "Failed"])
        named = list(kinds.order_by("-pk").values_list("pk", "qualification_type_id", "name", "purpose")[:MOST_TYPES])
        panels = Panel.objects.of(account).present().exclude(qualification_type=None)
        self.panels = {
            type_id: (name, meaning)
            for type_id, name, meaning in panels.values_list(
                "qualification_type__qualification_type_id", "name", "meaning"
            )
        }
        self.own = {type_id: name for _, type_id, name, purpose in named if not purpose}

    @property
    def known(self) -> dict[str, str]:
        return {**self.own, **{type_id: name for type_id, (name, _) in self.panels.items()}}

    def is_valid(self) -> bool:
        self.requirements, self.wrong = check(self.rows, self.known)
        self.checked = True
        return not self.wrong

    def add(self) -> None:
        if len(self.rows) < MOST:
            self.rows.append(Row())

    def remove(self, place: int) -> None:
        if 0 <= place < len(self.rows):
            del self.rows[place]

    @property
    def can_add(self) -> bool:
        return len(self.rows) < MOST

    @property
    def choices(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Groups of (id, name); panels by their names, which workers do not see."""
        other = MASTERS_SANDBOX if self.account.environment == Environment.PRODUCTION else MASTERS
        if self.account.environment == Environment.MARKETPLACE:
            other = MASTERS_SANDBOX
        system = [(type_id, name) for type_id, name in SYSTEM.items() if type_id != other]
        panels = [
            (type_id, f"{name} ({'only these' if meaning == 'include' else 'not these'})")
            for type_id, (name, meaning) in self.panels.items()
        ]
        offered = {type_id for type_id, _ in system} | self.known.keys()
        strange = {row.type_id for row in self.rows if row.type_id} - offered
        groups = [("Panels", panels), ("Ours", list(self.own.items())), ("MTurk's own", system)]
        groups.append(("Others", [(type_id, SYSTEM.get(type_id, type_id)) for type_id in sorted(strange)]))
        return [(label, options) for label, options in groups if options]

    @property
    def shown(self) -> list[dict[str, Any]]:
        """Each row with its place, and the sentence that says what is wrong with it."""
        return [
            {
                "place": place,
                "row": row,
                "wrong": self.wrong.get(place, ""),
                "has_value": row.comparator not in WITHOUT_VALUE,
            }
            for place, row in enumerate(self.rows)
        ]

    comparators = list(COMPARATORS.items())
    guards = list(GUARDS.items())

    @property
    def json(self) -> str:
        return as_json(self.requirements)

    @property
    def boto3(self) -> str:
        return as_boto3(self.requirements)


def of_panel(panel: Panel) -> list[dict[str, Any]]:
    """What a HIT asks for that takes only a panel's workers, or everybody but them."""
    if panel.qualification_type is None:
        return []
    comparator = "Exists" if panel.meaning == Panel.Meaning.INCLUDE else "DoesNotExist"
    return [
        {
            "QualificationTypeId": panel.qualification_type.qualification_type_id,
            "Comparator": comparator,
            "ActionsGuarded": "DiscoverPreviewAndAccept",
        }
    ]
