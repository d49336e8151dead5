from hits.models.figures import BatchFigures, FieldFigures, MajorityTaken, ReviewerFigures
from hits.models.filters import FEW, SORTED, WINDOW, narrowed, sorted_apart, unfiltered
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
from hits.models.review import (
    Finding,
    Flag,
    GoldAnswer,
    ReasonTemplate,
    Rule,
    SavedView,
    SecondReview,
    SecondReviewQuerySet,
)
from hits.models.uploads import HITInput, Upload, UploadRow
from hits.models.words import AnswerWords

__all__ = [
    "FEW",
    "HIT",
    "NOTHING_TO_COMPARE",
    "SORTED",
    "WINDOW",
    "AnswerText",
    "AnswerWords",
    "Assignment",
    "AssignmentQuerySet",
    "AssignmentStatus",
    "Batch",
    "BatchFigures",
    "DataVerdict",
    "FieldFigures",
    "Finding",
    "Flag",
    "GoldAnswer",
    "GoldChange",
    "GoldUpload",
    "HITInput",
    "HITQuerySet",
    "HITType",
    "MajorityTaken",
    "ReasonTemplate",
    "ReviewerFigures",
    "Rule",
    "RuleRun",
    "SavedView",
    "SecondReview",
    "SecondReviewQuerySet",
    "Upload",
    "UploadRow",
    "narrowed",
    "sorted_apart",
    "unfiltered",
]
