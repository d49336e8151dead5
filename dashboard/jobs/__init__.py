"""Bulk work: a selection becomes a Job, the Job becomes Commands, and people steer it as one thing.

    dry run -> ask -> prepare (chunks, in a worker) -> run -> done
                                 └ waits for release     └ pause, resume, cancel the rest, try failed ones again

Nothing of a job can be claimed before its last row is written: the job's own state is part of what makes a command due.
What a worker leaves behind when it dies is found by `sweep`, and preparing goes on behind the last chunk.
"""

from dashboard.jobs.bulk import Bulk, DryRun, Wish, bulk_named, look_ahead, needs_release, register
from dashboard.jobs.preparing import ask, prepare
from dashboard.jobs.showing import outcomes, progress
from dashboard.jobs.steering import (
    cancel,
    decline,
    free_rest,
    pause,
    release,
    resume,
    retry_failed,
    sweep,
    work_on,
)

__all__ = [
    "Bulk", "DryRun", "Wish", "ask", "bulk_named", "cancel", "decline", "free_rest", "look_ahead", "needs_release",
    "outcomes", "pause", "prepare", "progress", "register", "release", "resume", "retry_failed", "sweep", "work_on",
]  # fmt: skip
