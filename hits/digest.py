"""Bringing figures up to date: every new or changed assignment is shown once to all who keep figures of them.

A row is `fresh` from the moment the sync wrote it, or a verdict settled, until all readers have taken it in, in one
transaction: figures are exact whatever dies, and what they cost is what changed.
"""

import logging
from collections.abc import Callable, Sequence

from django.db import InterfaceError, OperationalError, ProgrammingError, connection, transaction
from django.db.models import F

from dashboard.models import Account
from hits.models import Assignment

log = logging.getLogger(__name__)

#: Rows of one transaction; on SQLite nobody else writes meanwhile.
CHUNK = 100
_LOCK = 0x48495473

#: What a database raises that is not there, is busy, or has not been migrated yet: this says nothing about an answer,
#: and the next tick tries again. DataError is none of them: it refuses what somebody wrote, and always will.
NOT_THE_ANSWERS = (OperationalError, InterfaceError, ProgrammingError)

#: Takes rows in with `counted` as the readers have counted each (empty: never yet) and `status` as it is now.
Reader = Callable[[Account, list[Assignment]], None]


def digest(account: Account, readers: Sequence[Reader], *, chunk: int = CHUNK, only: int | None = None) -> int:
    """Show one chunk of fresh assignments to the readers; how many there were. Zero: nothing is left.

    Only one worker at a time does this for an account, so that nothing is counted twice. Of several readers none is
    called unless all are: what one of them raises leaves the chunk fresh. `only`: the assignment of that key.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # Not the account's row: a worker that settles takes that one after its assignments.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, account.pk])
        rows = list(
            Assignment.objects.of(account)
            .fresh()
            .select_for_update(of=("self",))
            .select_related("hit", "hit__hit_type")
            .defer("raw", "hit__raw")
            .filter(**({} if only is None else {"pk": only}))
            .order_by("pk")[:chunk]
        )
        if not rows:
            return 0
        for read in readers:
            read(account, rows)
        Assignment.objects.filter(pk__in=[row.pk for row in rows]).update(fresh=False, counted=F("status"))
    return len(rows)


def digest_singly(account: Account, readers: Sequence[Reader], *, chunk: int = CHUNK) -> int:
    """What `digest` does, an assignment at a time, after a chunk could not be read: one that no figure can be made of,
    because a worker wrote what nobody foresaw, is told in the log and left out, and stops no others."""
    keys = list(Assignment.objects.of(account).fresh().order_by("pk").values_list("pk", flat=True)[:chunk])
    for pk in keys:
        try:
            digest(account, readers, only=pk)
        except NOT_THE_ANSWERS:
            raise
        except Exception:
            log.exception("No figures can be made of assignment %s", pk)
            Assignment.objects.filter(pk=pk).update(fresh=False)
    return len(keys)
