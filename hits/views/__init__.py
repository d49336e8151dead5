"""Pages about HITs and their assignments."""

from hits.views.hits import change_hit, change_hits, hit, hit_preview, hits
from hits.views.review import assignment, decide, decide_many, queue, row, workbench_of

__all__ = [
    "assignment", "change_hit", "change_hits", "decide", "decide_many", "hit", "hit_preview", "hits", "queue", "row",
    "workbench_of",
]  # fmt: skip
