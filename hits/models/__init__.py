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
from hits.models.quality import AnswerText, GoldChange, GoldUpload, RuleRun
from hits.models.review import Finding, Flag, GoldAnswer, ReasonTemplate, Rule, SavedView, SecondReview

__all__ = [
    "HIT",
    "NOTHING_TO_COMPARE",
    "AnswerText",
    "Assignment",
    "AssignmentQuerySet",
    "AssignmentStatus",
    "Batch",
    "DataVerdict",
    "Finding",
    "Flag",
    "GoldAnswer",
    "GoldChange",
    "GoldUpload",
    "HITQuerySet",
    "HITType",
    "ReasonTemplate",
    "Rule",
    "RuleRun",
    "SavedView",
    "SecondReview",
]
