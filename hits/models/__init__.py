from hits.models.mirror import (
    HIT,
    NOTHING_TO_COMPARE,
    Assignment,
    AssignmentQuerySet,
    AssignmentStatus,
    Batch,
    DataVerdict,
    HITQuerySet,
    HITType,
)
from hits.models.review import Finding, Flag, GoldAnswer, ReasonTemplate, Rule, SavedView, SecondReview

__all__ = [
    "HIT",
    "NOTHING_TO_COMPARE",
    "Assignment",
    "AssignmentQuerySet",
    "AssignmentStatus",
    "Batch",
    "DataVerdict",
    "Finding",
    "Flag",
    "GoldAnswer",
    "HITQuerySet",
    "HITType",
    "ReasonTemplate",
    "Rule",
    "SavedView",
    "SecondReview",
]
