"""Recorded answers as assignments: every file of a folder becomes a HIT with its question, and one answer to it."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from dashboard import mturk
from dashboard.demo import market
from dashboard.models import Account
from hits.answers.recorded import Recorded, RecordedError, load_recorded, recorded_in
from hits.models import Batch

DAY = 86_400
WORKER_ID = re.compile(r"A[A-Z0-9]{1,63}")
REWARD = "0.10"  # where the recording does not say
BATCH = "recorded-answers"


def publish(account: Account, folder: Path, say: Callable[[str], None]) -> None:
    """Publish each recorded answer's question and hand the answer in. A file that cannot be used is named and left
    out.
    """
    there = market.published(account)
    done = 0
    for path in recorded_in(folder):
        try:
            _publish(account, load_recorded(path), there)
            done += 1
        except RecordedError as error:
            say(f"Left out: {error}")
        except (market.Refused, mturk.Permanent) as error:
            say(f"Left out: {path.name} was not accepted by the marketplace: {error}")
    say(f"{done} recorded answers from {folder} are in the marketplace.")


def _publish(account: Account, record: Recorded, there: dict[str, str]) -> None:
    annotation = f"BatchId:{BATCH};File:{record.name[:180]};"
    hit_id = there.get(annotation)
    if hit_id is None:
        hit_type = market.make_hit_type(
            account,
            Title=record.title or record.name,
            Description=record.description or record.title or record.name,
            Keywords=record.keywords,
            Reward=f"{record.reward:.2f}" if record.reward is not None else REWARD,
            AssignmentDurationInSeconds=3600,
            AutoApprovalDelayInSeconds=14 * DAY,
        )
        hit_id = market.publish(
            account, hit_type, annotation, record.question_xml, MaxAssignments=1, LifetimeInSeconds=30 * DAY
        )
        there[annotation] = hit_id
    try:
        market.control(
            account,
            "assignments",
            {"HITId": hit_id, "WorkerId": worker_of(record), "Answer": record.answer_xml},
        )
    except market.Refused as refused:
        if refused.code not in ("already_done", "unavailable"):  # an earlier start handed it in
            raise


def name_batch(account: Account) -> None:
    """Its HITs have a title each, so the batch cannot take its name from one of them. After the first reading."""
    Batch.objects.filter(account=account, key=f"batch:{BATCH}").update(name="Recorded answers")


def worker_of(record: Recorded) -> str:
    """The recorded WorkerId; where there is none that the API would take, one that belongs to the file."""
    if WORKER_ID.fullmatch(record.worker_id):
        return record.worker_id
    return "A" + hashlib.sha256(record.name.encode()).hexdigest()[:13].upper()
