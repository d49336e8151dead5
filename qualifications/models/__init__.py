"""Qualification types, requests for them, and who holds what."""

from qualifications.models.compensation import (
    Compensation,
    CompensationOutcome,
    CompensationState,
    CompensationStep,
)
from qualifications.models.types import (
    QualificationRequest,
    QualificationType,
    RequestState,
    TypeKind,
    search_text,
)

__all__ = [
    "Compensation", "CompensationOutcome", "CompensationState", "CompensationStep", "QualificationRequest",
    "QualificationType", "RequestState", "TypeKind", "search_text",
]  # fmt: skip
