"""What can be done in bulk for or to workers."""

from workers.jobs import bonuses

__all__ = ["bonuses"]
