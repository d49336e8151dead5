"""Telling a worker that there is a past to look at. Only a hint: the sweep finds it anyway."""

import contextlib

from celery import current_app
from django.db import transaction

from dashboard.models import Account


def tell_a_worker(account: Account) -> None:
    def publish() -> None:
        with contextlib.suppress(Exception):
            current_app.send_task("dashboard.tasks.look_back", (account.pk,), retry=False)

    publish.looks_back = account.pk  # type: ignore[attr-defined]
    waiting = transaction.get_connection().run_on_commit
    if not any(getattr(hook[1], "looks_back", None) == account.pk for hook in waiting):
        transaction.on_commit(publish)
