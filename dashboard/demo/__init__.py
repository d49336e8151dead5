"""What `make demo` shows: four people, one account, five batches with their own pictures, and some days of history."""

from collections.abc import Callable
from pathlib import Path

from dashboard.demo import (
    decisions,
    history,
    panels,
    qualifications,
    quality,
    recorded,
    review,
    second_reviews,
    workers,
)
from dashboard.demo.market import Refused
from dashboard.demo.people import make_account, make_people
from dashboard.tasks import begin_sync, digest, run_sync

__all__ = ["Refused", "prepare"]


def prepare(
    *,
    dashboard_url: str,
    marketplace_url: str,
    password: str,
    access_key: str = "DEMO",
    answers: Path | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Bring the demo's data to where it should be. A second call goes on where the first one was and adds nothing
    twice.

    `marketplace_url` is a running marketplace with control paths; `dashboard_url` is where browsers will ask for the
    pictures in the tasks; `password` becomes every user's; `answers` is a folder of recorded answers to load as well.
    MTurkError or Refused where the marketplace does not answer or says no.
    """
    people = make_people(password)
    account = make_account(marketplace_url, access_key, people)
    history.live_through(account, dashboard_url, say)
    if answers is not None:
        recorded.publish(account, answers, say)
    panels.grant_by_script(account)
    qualifications.ask_by_script(account)
    # Whoever else is reading (a worker that is up already) reads the same; only the decisions below want it now.
    run = begin_sync(account, full=True)
    if run is not None and run_sync(run).error:
        say(f"The first reading of the marketplace was not complete: {run.error}")
    recorded.name_batch(account)
    decisions.make(account, people, say)
    digest(account.pk)
    quality.make(account, people, say)
    workers.make(account, people, say)
    panels.make(account, people, say)
    qualifications.make(account, people, say)
    second_reviews.make(account, people, say)
    review.make(account, people, say)
