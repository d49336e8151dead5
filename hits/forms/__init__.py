"""What a person says about HITs and assignments, as domain types or a sentence."""

from hits.forms.hits import HIT_SORTS, HIT_STATUSES, ChangeForm, HITFilter
from hits.forms.review import (
    DEADLINES,
    SORTS,
    STATUSES,
    WAITING_SORTS,
    DataForm,
    DecideManyForm,
    DecisionForm,
    FlagForm,
    QueueFilter,
    ReasonForm,
    SavedViewForm,
    WhoseForm,
)

__all__ = [
    "DEADLINES", "HIT_SORTS", "HIT_STATUSES", "SORTS", "STATUSES", "WAITING_SORTS", "ChangeForm", "DataForm",
    "DecideManyForm", "DecisionForm", "FlagForm", "HITFilter", "QueueFilter", "ReasonForm", "SavedViewForm",
    "WhoseForm",
]  # fmt: skip
