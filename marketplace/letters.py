"""Letters: what workers were told, and what they wrote to requesters, by e-mail as well.

A row waits (`to_mail`) from the transaction that wrote it until a letter was handed to the mail server, so neither an
API call nor a page ever waits for one. Who wants none, or has no address, gets none. A crash at the wrong moment sends
one letter twice; none is lost while the mail server is away.
"""

import logging
import smtplib
import threading
import time
from collections.abc import Iterator

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection

from .models import Inquiry, Message

log = logging.getLogger(__name__)

BATCH = 100
FIRST_WAIT, LONGEST_WAIT = 5.0, 1800.0  # seconds of the machine's clock


class Postman:
    """A thread that is there while letters wait. `nudge` is called again and again, by one thread."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._not_before = 0.0
        self._wait = FIRST_WAIT

    def nudge(self) -> None:
        """Send what waits, without waiting for it; after a failure, later."""
        if (self._thread and self._thread.is_alive()) or time.monotonic() < self._not_before or not _any_waiting():
            return
        self._thread = threading.Thread(target=self._run, name="letters", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            send_waiting()
            self._wait = FIRST_WAIT
        except Exception:
            log.exception("Letters could not be sent; trying again in %.0f s", self._wait)
            self._not_before = time.monotonic() + self._wait
            self._wait = min(self._wait * 2, LONGEST_WAIT)
        finally:
            connection.close()


def send_waiting() -> int:
    """Send every letter that waits and say how many went out; what stops it leaves the rest waiting."""
    sent = 0
    while rows := _waiting():
        with get_connection() as postbox:
            for row in rows:
                letter = _letter(row)
                if letter is not None:
                    sent += _send(letter, postbox)
                type(row).objects.filter(pk=row.pk).update(to_mail=False)
    return sent


def _send(letter: EmailMessage, postbox: BaseEmailBackend) -> int:
    letter.connection = postbox
    try:
        return letter.send()
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, ValueError) as error:
        # This one letter, not the mail server: tried again it would hold up all others for ever.
        log.warning("A letter was refused: %s", type(error).__name__)
        return 0


def _any_waiting() -> bool:
    return any(kind.objects.filter(to_mail=True).exists() for kind in (Message, Inquiry))


def _waiting() -> list[Message | Inquiry]:
    return [*_messages(), *_inquiries()]


def _messages() -> Iterator[Message]:
    rows = Message.objects.filter(to_mail=True).select_related("worker__user", "requester")
    yield from rows.order_by("pk")[:BATCH]


def _inquiries() -> Iterator[Inquiry]:
    rows = Inquiry.objects.filter(to_mail=True).select_related("worker", "hit_type__requester")
    yield from rows.order_by("pk")[:BATCH]


def _letter(row: Message | Inquiry) -> EmailMessage | None:
    """The letter of a row; None where nobody is to get one. Neither side learns the other's address by it."""
    if isinstance(row, Message):
        user = row.worker.user
        if user is None or not user.is_active or not user.email or not row.worker.wants_letters:
            return None
        foot = f"{row.requester}, to worker {row.worker.worker_id}. Answer on the site: nobody reads answers to this."
        return EmailMessage(_line(row.subject), f"{row.text}\n\n-- \n{foot}\n", to=[user.email])
    requester = row.hit_type.requester
    if not requester.email:
        return None
    foot = f"Worker {row.worker.worker_id}, about HIT type {row.hit_type.hit_type_id}. NotifyWorkers answers."
    subject = _line(f"Worker {row.worker.worker_id} about “{row.hit_type.title}”")
    return EmailMessage(subject, f"{row.text}\n\n-- \n{foot}\n", to=[requester.email])


def _line(text: str) -> str:
    """One line: a subject with a line break could smuggle in headers, and Django refuses it."""
    return " ".join(text.split())[:200]
