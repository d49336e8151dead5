"""The kinds of write that concern HITs and assignments."""

from hits.commands.hits import (
    AddAssignments,
    DeleteHIT,
    ExpireHIT,
    ExtendHIT,
    HITChange,
    StartReviewing,
    StopReviewing,
    UpdateHITTypeOfHIT,
    end_of,
    in_whole_seconds,
)
from hits.commands.publishing import CreateHIT
from hits.commands.verdicts import ApproveAssignment, OverrideRejection, RejectAssignment, Verdict, verdict_key

__all__ = [
    "AddAssignments", "ApproveAssignment", "CreateHIT", "DeleteHIT", "ExpireHIT", "ExtendHIT", "HITChange",
    "OverrideRejection", "RejectAssignment", "StartReviewing", "StopReviewing", "UpdateHITTypeOfHIT", "Verdict",
    "end_of", "in_whole_seconds", "verdict_key",
]  # fmt: skip
