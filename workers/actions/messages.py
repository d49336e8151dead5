"""Messages: to one worker or to many, always a job, and no words twice to the same person."""

import uuid
from typing import Any

from django.db import transaction

from dashboard import jobs
from dashboard.models import Account, Job, Role, User
from dashboard.permissions import Denied, check_role
from workers import text
from workers.models import SUBJECT_LONGEST, TEXT_LONGEST, Message, Worker

#: Name of the bulk action (workers.jobs.messages).
BULK = "message"
Values = dict[str, str]


def check_words(subject: str, words: str) -> tuple[str, str]:
    """Subject and text as they are kept, or Denied. How long they are is known when the values are filled in."""
    subject, words = " ".join(text.tidy(subject).split()), text.tidy(words)
    try:
        text.check(subject, what="subject")
        text.check(words, what="text")
    except text.Unsendable as reason:
        raise Denied(str(reason)) from None
    if text.same_for_all(subject, words):
        check_length(subject, words)
    elif len(subject) > 2 * SUBJECT_LONGEST or len(words) > 2 * TEXT_LONGEST:
        raise Denied(f"MTurk takes {SUBJECT_LONGEST} characters of subject and {TEXT_LONGEST:,} of text.")
    return subject, words


def check_length(subject: str, words: str) -> None:
    """Denied where MTurk would refuse these words for their length."""
    if len(subject) > SUBJECT_LONGEST:
        raise Denied(f"The subject has {len(subject)} characters; MTurk takes {SUBJECT_LONGEST}.")
    if len(words) > TEXT_LONGEST:
        raise Denied(f"The text has {len(words):,} characters; MTurk takes {TEXT_LONGEST:,}.")


def values_for(worker: Worker, *, account: Account, batch: str = "") -> Values:
    """What stands in the places of a text for one worker; `batch` where they were chosen by one."""
    return {
        "worker_id": worker.worker_id,
        "approved": str(worker.approved),
        "rejected": str(worker.rejected),
        "waiting": str(worker.submitted),
        "answers": str(worker.answers),
        "bonuses": f"${worker.bonus_total:,.2f}",
        "batch": batch or getattr(worker, "latest_batch", None) or "your last batch",
        "account": account.name,
    }


@transaction.atomic
def send_message(
    *,
    account: Account,
    by: User,
    selection: dict[str, Any],
    subject: str,
    words: str,
    batch: str = "",
    form_key: uuid.UUID | None = None,
) -> Message:
    """Begin the job that sends a message to everybody of a selection. The same form sent twice is one message."""
    check_role(by, account, Role.REVIEWER, "write to workers")
    subject, words = check_words(subject, words)
    if form_key is not None:
        earlier = Job.objects.filter(account=account, form_key=form_key).first()
        if earlier is not None:
            return _sent_before(earlier, subject, words)
    message = Message(account=account, subject=subject, text=words, made_by=by)
    options = {"message": str(message.pk), "subject": subject, "text": words, "batch": batch}
    job = jobs.ask(BULK, account=account, by=by, selection=selection, options=options, form_key=form_key)
    if job.options["message"] != str(message.pk):
        # The same form, sent in the same moment: the other click was first, and the job is of its message.
        return _sent_before(job, subject, words)
    message.job = job
    message.save(force_insert=True)
    return message


def _sent_before(earlier: Job, subject: str, words: str) -> Message:
    """The message this form became when it was sent before."""
    found = Message.objects.filter(job=earlier).first()
    if found is None or (found.subject, found.text) != (subject, words):
        raise Denied("This form was sent before with other words. Open it again and fill it in anew.")
    return found
