"""Remote to rows: HITs and assignments. A sync costs what changed: ListHITs carries the counts, so only HITs that moved
are asked for their assignments. What an endpoint says badly is a sentence in the run; the rest is read all the same."""

from hits.sync.assignments import pull_assignments
from hits.sync.hits import pull_hits, store_hit
from hits.sync.runs import end_abandoned_runs, pull_balance, running

__all__ = ["end_abandoned_runs", "pull_assignments", "pull_balance", "pull_hits", "running", "store_hit"]
