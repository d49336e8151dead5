"""Qualification types, requests for them, and who holds what."""

from qualifications.models.types import (
    QualificationRequest,
    QualificationType,
    RequestState,
    TypeKind,
    search_text,
)

__all__ = ["QualificationRequest", "QualificationType", "RequestState", "TypeKind", "search_text"]
