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
from hits.models.uploads import HITInput, Upload, UploadRow

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
    "HITInput",
    "HITQuerySet",
    "HITType",
    "ReasonTemplate",
    "Rule",
    "RuleRun",
    "SavedView",
    "SecondReview",
    "Upload",
    "UploadRow",
]
