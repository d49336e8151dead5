"""Three days in which the demo's batches were published and worked on.

At its very first start the marketplace begins in the past. The batches appear one after the other, simulated workers
live through the days in between, and a script decides over some of their work, all through the API and the control
paths, by the same rules as later. Then marketplace time is the machine's, and stays so. A start that was interrupted
goes on at the marketplace time it had reached.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboard import mturk
from dashboard.demo import market
from dashboard.demo.batches import Batch, batches
from dashboard.models import Account

HOUR = 3600
WORKERS = 45
HASTY = 7  # seconds; nobody can do these tasks properly in less
REJECTION = "Handed in {seconds} seconds after it was accepted, faster than anybody can read the task."
THANKS = "Thank you, this is careful work."


@dataclass(frozen=True)
class Chapter:
    """What begins so many hours ago: batches published, earlier work decided, then tasks taken until the next
    chapter.
    """

    hours_ago: int
    tasks: int
    publishes: tuple[str, ...] = ()
    decides: str = ""


CHAPTERS = (
    Chapter(72, 40, publishes=("birds-in-pictures", "receipt-totals")),
    Chapter(54, 35, publishes=("getting-around-town",)),
    Chapter(46, 60, publishes=("how-does-the-writer-feel",), decides="birds-in-pictures"),
    Chapter(22, 40, publishes=("which-translation-is-better",), decides="getting-around-town"),
    Chapter(6, 20),
)


def live_through(account: Account, dashboard_url: str, say: Callable[[str], None]) -> None:
    """Publish what is missing and, in a marketplace that is new or still behind, live through the history."""
    if _hours_behind(account) <= 0:
        try:
            market.control(account, "clock", {"begin_seconds_ago": CHAPTERS[0].hours_ago * HOUR})
        except market.Refused as refused:
            if refused.code != "bad_request":
                raise
            # There are HITs: ours, from an earlier start, or somebody else's, whose times must not lie in the future.
    there = market.published(account)
    of_key = {batch.key: batch for batch in batches()}
    if _hours_behind(account) > 0:
        say("Making three days of history in the marketplace…")
    for chapter, following in zip(CHAPTERS, [*CHAPTERS[1:], None], strict=True):
        for key in chapter.publishes:
            _publish(account, of_key[key], dashboard_url, there)
        behind = _hours_behind(account)
        if behind <= (following.hours_ago if following else 0):
            continue
        if chapter.decides:
            _decide(account, chapter.decides)
        span = {"seconds": (behind - following.hours_ago) * HOUR} if following else {}
        market.control(account, "crowd", {"workers": WORKERS, "assignments": chapter.tasks, **span})
    tasks = sum("Crowd:" in annotation for annotation in there)
    say(f"The marketplace has {tasks} HITs of the demo's own.")


def _hours_behind(account: Account) -> float:
    """How far marketplace time is behind the machine's; 0 if it is level (within seconds) or ahead."""
    behind = time.time() - market.control(account, "clock")["now"]
    return behind / HOUR if behind > 5 else 0


def _publish(account: Account, batch: Batch, dashboard_url: str, there: dict[str, str]) -> None:
    missing = [hit for hit in batch.hits(dashboard_url) if hit[0] not in there]
    if not missing:
        return
    hit_type = market.make_hit_type(
        account,
        Title=batch.title,
        Description=batch.description,
        Keywords=batch.keywords,
        Reward=batch.reward,
        AssignmentDurationInSeconds=int(batch.duration.total_seconds()),
        AutoApprovalDelayInSeconds=int(batch.auto_approval.total_seconds()),
    )
    for annotation, question in missing:
        there[annotation] = market.publish(
            account,
            hit_type,
            annotation,
            question,
            MaxAssignments=batch.assignments,
            LifetimeInSeconds=int(batch.lifetime.total_seconds()),
        )


def _decide(account: Account, key: str) -> None:
    """Decide over a batch as a requester's script would: reject what was too hasty, and whoever was fastest; approve
    most of the rest.

    The dashboard finds these decisions already made when it first looks.
    """
    handed_in: list[tuple[int, dict[str, Any]]] = []
    for annotation, hit_id in market.published(account).items():
        if not annotation.startswith(f"BatchId:{key};"):
            continue
        submitted = {"HITId": hit_id, "AssignmentStatuses": ["Submitted"]}
        pages = mturk.pages(account, "ListAssignmentsForHIT", submitted)
        handed_in += enumerate(assignment for page in pages for assignment in page.get("Assignments", []))
    # A crowd may happen to have nobody below the limit, and a history without any rejection shows too little.
    limit = max(HASTY, min((_seconds(assignment) for _, assignment in handed_in), default=0) + 1)
    for number, assignment in handed_in:
        _verdict(account, assignment, number, limit)


def _seconds(assignment: dict[str, Any]) -> int:
    return round((assignment["SubmitTime"] - assignment["AcceptTime"]).total_seconds())


def _verdict(account: Account, assignment: dict[str, Any], number: int, limit: int) -> None:
    seconds = _seconds(assignment)
    params = {"AssignmentId": assignment["AssignmentId"]}
    if seconds < limit:
        feedback = REJECTION.format(seconds=seconds)
        mturk.call(account, "RejectAssignment", {**params, "RequesterFeedback": feedback}, write=True)
    elif number % 4 != 3:  # the rest is left for the reviewer
        mturk.call(account, "ApproveAssignment", {**params, "RequesterFeedback": THANKS}, write=True)
