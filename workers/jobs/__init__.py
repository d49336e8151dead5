"""What can be done in bulk for or to workers."""

from workers.jobs import blocks, bonuses, findings, messages

__all__ = ["blocks", "bonuses", "findings", "messages"]
