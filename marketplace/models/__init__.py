"""The marketplace's rows. Money is Decimal US dollars; times are aware UTC, marketplace time (see clock.py).

Locking: the HIT (its lock guards its assignments too), then the requester, always `select_for_update(no_key=True)`. The
key-preserving lock matters on PostgreSQL: rows that point at a requester share-lock its key, and two transactions that
did so would otherwise wait for each other. On SQLite every transaction is IMMEDIATE: one writer, no lock needed.
"""

from __future__ import annotations

from typing import Any

from django.db import models, transaction

from .calling import Notification, NotificationSetting, UsedToken
from .hits import HIT, Assignment, HITLayout, HITQuerySet, HITType, ReviewAction, ReviewResult
from .money import Bonus, FeeRate, LedgerEntry
from .people import OPENING_BALANCE, Message, Requester, Worker, WorkerBlock
from .qualifications import Qualification, QualificationRequest, QualificationType, RequiredQualification
from .time import Clock
from .workers import ExternalIdentity, Inquiry, Invitation, Payout, PayoutRun

__all__ = [
    "HIT",
    "OPENING_BALANCE",
    "Assignment",
    "Bonus",
    "Clock",
    "ExternalIdentity",
    "FeeRate",
    "HITLayout",
    "HITQuerySet",
    "HITType",
    "Inquiry",
    "Invitation",
    "LedgerEntry",
    "Message",
    "Notification",
    "NotificationSetting",
    "Payout",
    "PayoutRun",
    "Qualification",
    "QualificationRequest",
    "QualificationType",
    "Requester",
    "RequiredQualification",
    "ReviewAction",
    "ReviewResult",
    "UsedToken",
    "Worker",
    "WorkerBlock",
]

# What points at something stands before it.
_ALL: tuple[type[models.Model], ...] = (
    Payout,
    PayoutRun,
    ExternalIdentity,
    Invitation,
    Inquiry,
    LedgerEntry,
    FeeRate,
    Bonus,
    UsedToken,
    Notification,
    NotificationSetting,
    ReviewAction,
    ReviewResult,
    QualificationRequest,
    Qualification,
    QualificationType,
    RequiredQualification,
    Message,
    WorkerBlock,
    Assignment,
    HIT,
    HITType,
    HITLayout,
    Requester,
    Worker,
    Clock,
)


def reset() -> None:
    """Empty everything: every account, HIT and payment, and time travel too."""
    with transaction.atomic():
        for model in _ALL:
            # _raw_delete: one statement, and the ledger's own refusal does not apply to forgetting the whole world.
            rows: models.QuerySet[Any] = models.QuerySet(model)
            rows._raw_delete(rows.db)
