"""What can be done in bulk for or to workers."""

from workers.jobs import blocks, bonuses, messages

__all__ = ["blocks", "bonuses", "messages"]
