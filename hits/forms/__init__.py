"""What a person says about HITs and assignments, as domain types or a sentence."""

from hits.forms.hits import HIT_SORTS, HIT_STATUSES, ChangeForm, HITFilter
from hits.forms.review import (
    DEADLINES,
    SORTS,
    STATUSES,
    DecideManyForm,
    DecisionForm,
    QueueFilter,
)

__all__ = [
    "DEADLINES", "HIT_SORTS", "HIT_STATUSES", "SORTS", "STATUSES", "ChangeForm", "DecideManyForm", "DecisionForm",
    "HITFilter", "QueueFilter",
]  # fmt: skip
