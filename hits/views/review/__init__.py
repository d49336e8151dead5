"""Review: the queue, the workbench, and what is decided in them. Pages answer from our own tables only."""

from hits.views.review.deciding import decide
from hits.views.review.guarding import guard
from hits.views.review.handing import forecast, release, take
from hits.views.review.judging import data_verdict, flag, undo
from hits.views.review.queue import decide_many, queue, row
from hits.views.review.reasons import reasons
from hits.views.review.saved import saved_views
from hits.views.review.workbench import assignment, workbench_of

__all__ = [
    "assignment", "data_verdict", "decide", "decide_many", "flag", "forecast", "guard", "queue", "reasons", "release",
    "row", "saved_views", "take", "undo", "workbench_of",
]  # fmt: skip
