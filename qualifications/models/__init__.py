"""Qualification types, requests for them, and who holds what."""

from qualifications.models.compensation import (
    Compensation,
    CompensationOutcome,
    CompensationState,
    CompensationStep,
)
from qualifications.models.panels import Panel, PanelDue, PanelMember, PanelState, Upkeep
from qualifications.models.scores import Line, Score, ScoreStatus, Sheet, score_key, values_of
from qualifications.models.types import (
    QualificationRequest,
    QualificationType,
    RequestState,
    TypeKind,
    search_text,
)

__all__ = [
    "Compensation", "CompensationOutcome", "CompensationState", "CompensationStep", "Line", "Panel", "PanelDue",
    "PanelMember", "PanelState", "QualificationRequest", "QualificationType", "RequestState", "Score", "ScoreStatus",
    "Sheet", "TypeKind", "Upkeep", "score_key", "search_text", "values_of",
]  # fmt: skip
