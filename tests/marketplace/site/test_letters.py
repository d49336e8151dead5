"""Messages and inquiries by e-mail: who gets a letter, and that nothing waits for a mail server."""

import smtplib
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from marketplace import clock, letters
from marketplace.models import HITType, Inquiry, Message, Requester
from marketplace.site.accounts import new_worker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def requester() -> Requester:
    return Requester.objects.create(
        access_key_id="AKIALETTERS", name="Lab", email="lab@example.org", created_at=clock.now()
    )


def worker(name: str, *, email: str = "", wants: bool = True) -> Any:
    made = new_worker(User.objects.create_user(name, email))
    made.wants_letters = wants
    made.save()
    return made


def tell(requester: Requester, to: Any, subject: str = "New tasks") -> Message:
    return Message.objects.create(requester=requester, worker=to, subject=subject, text="Come", sent_at=clock.now())


def test_who_has_an_address_and_wants_letters_gets_each_once(requester: Requester) -> None:
    tell(requester, worker("one", email="one@example.org"), "New\ntasks\nBcc: all@example.org")
    tell(requester, worker("two"))
    tell(requester, worker("three", email="three@example.org", wants=False))
    assert letters.send_waiting() == 1
    assert letters.send_waiting() == 0
    [letter] = mail.outbox
    assert (letter.to, letter.subject) == (["one@example.org"], "New tasks Bcc: all@example.org")
    assert "Come" in letter.body
    assert "lab@example.org" not in letter.message().as_string(), "a worker does not learn the requester's address"


def test_an_inquiry_goes_to_the_requester_without_the_worker_s_address(requester: Requester) -> None:
    kind = HITType.objects.create(
        requester=requester,
        created_at=clock.now(),
        title="Birds",
        description="d",
        reward=1,
        assignment_duration=60,
        auto_approval_delay=60,
        digest="x",
    )
    asking = worker("four", email="four@example.org")
    Inquiry.objects.create(worker=asking, hit_type=kind, text="Which bird?", sent_at=clock.now())
    assert letters.send_waiting() == 1
    [letter] = mail.outbox
    assert letter.to == ["lab@example.org"]
    assert asking.worker_id in letter.body
    assert "four" not in letter.message().as_string()


def test_what_a_dead_mail_server_did_not_take_is_sent_later(requester: Requester, settings: Any) -> None:
    """A real connection to nothing, and then a backend that works."""
    tell(requester, worker("five", email="five@example.org"))
    works = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        9,
    )
    with pytest.raises(OSError):  # noqa: PT011 - whatever the system calls it
        letters.send_waiting()
    assert Message.objects.filter(to_mail=True).count() == 1
    settings.EMAIL_BACKEND = works
    assert letters.send_waiting() == 1


def test_one_refused_address_does_not_hold_up_the_others(requester: Requester, settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    tell(requester, worker("six", email="nobody@example.org"))
    tell(requester, worker("seven", email="seven@example.org"))
    assert letters.send_waiting() == 1
    assert [letter.to for letter in mail.outbox] == [["seven@example.org"]]


class Refusing(EmailBackend):
    """A mail server that does not know `nobody`."""

    def send_messages(self, messages: Any) -> int:
        if any("nobody@example.org" in letter.to for letter in messages):
            raise smtplib.SMTPRecipientsRefused({"nobody@example.org": (550, b"unknown")})
        return super().send_messages(messages)


def test_the_postman_is_nudged_and_does_not_wait(requester: Requester) -> None:
    tell(requester, worker("eight", email="eight@example.org"))
    postman = letters.Postman()
    began = time.monotonic()
    postman.nudge()
    assert time.monotonic() - began < 1
    assert postman._thread
    postman._thread.join(10)
    assert [letter.to for letter in mail.outbox] == [["eight@example.org"]]
