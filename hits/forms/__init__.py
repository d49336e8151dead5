"""What a person says about HITs and assignments, as domain types or a sentence."""

from hits.forms.review import (
    DEADLINES,
    SORTS,
    STATUSES,
    DecideManyForm,
    DecisionForm,
    QueueFilter,
)

__all__ = ["DEADLINES", "SORTS", "STATUSES", "DecideManyForm", "DecisionForm", "QueueFilter"]
