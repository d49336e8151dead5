"""Workers, and all that was ever done for or to one."""

from workers.models.blocks import SoftBlock, WorkerBlock
from workers.models.bonuses import BonusPayment
from workers.models.messages import SUBJECT_LONGEST, TEXT_LONGEST, Message, MessageRecipient
from workers.models.people import (
    CONDITIONS,
    NEVER_SEEN,
    NOTHING_YET,
    TAG_LONGEST,
    BatchTimes,
    Worker,
    WorkerBatch,
    WorkerNote,
    WorkerTag,
    begins,
)

__all__ = [
    "CONDITIONS",
    "NEVER_SEEN",
    "NOTHING_YET",
    "SUBJECT_LONGEST",
    "TAG_LONGEST",
    "TEXT_LONGEST",
    "BatchTimes",
    "BonusPayment",
    "Message",
    "MessageRecipient",
    "SoftBlock",
    "Worker",
    "WorkerBatch",
    "WorkerBlock",
    "WorkerNote",
    "WorkerTag",
    "begins",
]
