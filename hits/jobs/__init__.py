"""What can be done to many assignments or HITs at once; importing registers it."""

from hits.jobs import hits, verdicts

__all__ = ["hits", "verdicts"]
