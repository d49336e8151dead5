"""Pages about workers: who they are, bonuses, blocks, messages."""

from workers.views.bonuses import bonus

__all__ = ["bonus"]
