"""Files that people hand over: kept in the database by the request, read chunk by chunk by a worker.

    stored = incoming.keep(file, account=account)          # the request: part by part, nothing of it is read
    with transaction.atomic():
        Upload.objects.create(file=stored, …)              # the row that says what becomes of it
        incoming.hand_over(stored, "marked")               # from here on a worker may begin

    def read(reading: Reading) -> None:                    # the worker: dashboard.tasks names the readers
        upload = Upload.objects.get(file=reading.stored)
        for chunk in reading.chunks(rows(reading.file), 500, skip=upload.rows_read):
            with transaction.atomic():
                reading.step()                             # first: who lost the file may not write
                …store the chunk and how many rows are stored…
        with transaction.atomic():
            reading.finish()
            …from now on it can be looked at…

A worker may be killed anywhere. The next one is given the file from its beginning and skips what is stored already;
between two chunks nothing is half done. The database holds the bytes, and not a folder, because the web server and the
workers need not run on one machine.
"""

import contextlib
import logging
import tempfile
import time
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import IO, Any, TypeVar

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, models, transaction
from django.utils import timezone

from dashboard.csv_files import Row, Table, Unreadable
from dashboard.models import Account, IncomingFile, IncomingPart
from dashboard.models.incoming import MOST_TRIES

T = TypeVar("T")
log = logging.getLogger(__name__)

#: Bytes of a piece. Each is one commit of the request, and between two of them others may have to be waited for.
PART = 4_000_000
#: A worker that did not finish a chunk within this is taken for dead.
LEASE = timedelta(seconds=60)
#: Seconds between two chunks, so that on SQLite others who wait to write find the moment in which they can.
BREATH = 0.01
#: Bytes that a worker holds in memory of a file; what is more goes to a temporary file.
IN_MEMORY = 8_000_000
#: What never became whole, and what nobody could read, is thrown away after this.
FORGET_HALF, FORGET_STUCK = timedelta(hours=1), timedelta(days=7)


class Stopped(Exception):
    """This worker ends here; what it stored stays."""


class Lost(Stopped):
    """Another worker has the file."""


def keep(file: IO[bytes], *, account: Account) -> IncomingFile:
    """Store the bytes of `file` from its beginning. Not in a transaction of the caller's: each part is committed by
    itself, since one that writes for seconds would stop everybody on SQLite."""
    stored = IncomingFile.objects.create(account=account)
    file.seek(0)
    number = 0
    while data := file.read(PART):
        IncomingPart.objects.create(file=stored, number=number, data=zlib.compress(data, 1))
        stored.size += len(data)
        number += 1
    return stored


def hand_over(stored: IncomingFile, reader: str) -> None:
    """It is whole, and `reader` is to read it. In the transaction that writes the row it is known by."""
    stored.reader = reader
    stored.save(update_fields=["reader", "size"])
    tell_a_worker(stored.pk)


def tell_a_worker(file_id: uuid.UUID) -> None:
    """Only a hint: the sweep finds it anyway."""

    def publish() -> None:
        with contextlib.suppress(Exception):
            current_app.send_task("dashboard.tasks.read_file", (str(file_id),), retry=False)

    transaction.on_commit(publish)


def due() -> list[uuid.UUID]:
    """Files that are whole, and that nobody reads."""
    rows = IncomingFile.objects.exclude(reader="").filter(_free(), tries__lt=MOST_TRIES)
    return list(rows.values_list("pk", flat=True))


def _free() -> models.Q:
    return models.Q(claimed_until=None) | models.Q(claimed_until__lt=timezone.now())


def forget_old() -> None:
    """Throw away what never became whole and what nobody could read, one file in a transaction."""
    now = timezone.now()
    half = models.Q(reader="", created_at__lt=now - FORGET_HALF)
    stuck = models.Q(tries__gte=MOST_TRIES, created_at__lt=now - FORGET_STUCK)
    for stored in IncomingFile.objects.filter(half | stuck)[:20]:
        stored.delete()


def bounded(table: Table) -> Iterator[Row]:
    """The rows of a table; Unreadable behind as many as a file may have, and behind one within which it ends."""
    for count, row in enumerate(table):
        if count >= settings.UPLOAD_ROWS:
            raise Unreadable(f"The file has more than {settings.UPLOAD_ROWS:,} rows. Upload it in parts.")
        yield row
        row.check_whole()


class Reading:
    """What a reader gets: the file, and the way to say how far it is."""

    def __init__(self, stored: IncomingFile, file: IO[bytes], until: float) -> None:
        self.stored, self.file, self._until = stored, file, until
        #: Why the file could not be read to its end, once `chunks` is through.
        self.problem = ""

    def chunks(self, rows: Iterable[T], size: int, *, skip: int = 0) -> Iterator[list[T]]:
        """The rows behind the first `skip`, so many at a time; where they end in Unreadable, those before it come."""
        left = iter(rows)
        for _ in islice(left, skip):
            pass
        while not self.problem:
            chunk: list[T] = []
            try:
                for row in islice(left, size):
                    chunk.append(row)
            except Unreadable as reason:
                self.problem = f"{reason} What stands before is read; nothing behind it is."
            if not chunk:
                return
            yield chunk
            if time.monotonic() > self._until:
                raise Stopped
            time.sleep(BREATH)

    def step(self) -> None:
        """This worker goes on. In the transaction of what it writes: Lost where another one has taken the file over."""
        self.stored.position = self.file.tell()
        ours = IncomingFile.objects.filter(pk=self.stored.pk, claim=self.stored.claim)
        if not ours.update(position=self.stored.position, claimed_until=timezone.now() + LEASE, tries=0):
            raise Lost

    def finish(self) -> None:
        """All of it was read: its bytes go. In the transaction that lets people use what was read."""
        self.step()
        self.stored.delete()


Reader = Callable[[Reading], None]


def read_on(file_id: uuid.UUID, readers: Mapping[str, Reader], *, seconds: float = 20) -> None:
    """Read a file for so long; a further message goes on with the rest, so that others have their turn."""
    stored = _claimed(file_id)
    if stored is None:
        return
    try:
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
            for part in stored.parts.order_by("number").values_list("data", flat=True).iterator(chunk_size=4):
                file.write(zlib.decompress(part))
            file.seek(0)
            readers[stored.reader](Reading(stored, file, time.monotonic() + seconds))
    except Lost:
        return
    except Stopped:
        _let_go(stored)
        tell_a_worker(stored.pk)
    except DatabaseError:
        _let_go(stored)
        raise
    except Exception:
        # Somebody has to look into it; the file waits, and after some tries for good.
        log.exception("The file %s could not be read", stored.pk)
        _let_go(stored)


def _claimed(file_id: uuid.UUID) -> IncomingFile | None:
    claim = uuid.uuid4()
    rows = IncomingFile.objects.exclude(reader="").filter(_free(), pk=file_id, tries__lt=MOST_TRIES)
    columns: dict[str, Any] = {"claim": claim, "claimed_until": timezone.now() + LEASE, "tries": models.F("tries") + 1}
    if not rows.update(**columns):
        return None
    return IncomingFile.objects.filter(claim=claim).first()


def _let_go(stored: IncomingFile) -> None:
    with contextlib.suppress(DatabaseError):  # or it lapses
        IncomingFile.objects.filter(pk=stored.pk, claim=stored.claim).update(claimed_until=None)
