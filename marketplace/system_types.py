"""The qualification types every requester can use and nobody owns; workers have them by what they did and said.

Names and descriptions: api:4725-4800. Pure data, no Django.
"""

from dataclasses import dataclass

APPROVED = "00000000000000000040"
PERCENT = "000000000000000000L0"
LOCALE = "00000000000000000071"
ADULT = "00000000000000000060"
MASTERS = "2F1QJWKUDD8XADTFD2Q0G6UTO95ALH"
MASTERS_SANDBOX = "2ARFPLSP75KLA8M8DH1HTEQVJT3SY6"


@dataclass(frozen=True, slots=True)
class SystemType:
    """One of them, as lists show it."""

    type_id: str
    name: str
    description: str


SYSTEM_TYPES = {
    kind.type_id: kind
    for kind in (
        SystemType(
            APPROVED,
            "Worker_NumberHITsApproved",
            "The total number of HITs submitted by a Worker that have been approved. The value is an integer greater "
            "than or equal to 0.",
        ),
        SystemType(
            PERCENT,
            "Worker_PercentAssignmentsApproved",
            "The percentage of assignments the Worker has submitted that were subsequently approved, over all "
            "assignments the Worker has submitted. The value is an integer between 0 and 100; it is 100 for a Worker "
            "who has submitted less than 100 assignments.",
        ),
        SystemType(
            LOCALE, "Worker_Locale", "The location of the Worker, as specified in the Worker's mailing address."
        ),
        SystemType(
            ADULT,
            "Worker_Adult",
            "The Worker is over 18 and agrees to work on potentially offensive content. The value is 1 or 0.",
        ),
        SystemType(
            MASTERS,
            "Masters",
            "Workers who have demonstrated superior performance while completing thousands of HITs.",
        ),
        SystemType(
            MASTERS_SANDBOX,
            "Masters (sandbox)",
            "Workers who have demonstrated superior performance, by the id that the sandbox uses for them.",
        ),
    )
}
