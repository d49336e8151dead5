"""What can be done to many assignments or HITs at once; importing registers it."""

from hits.jobs import findings, hits, uploads, verdicts

__all__ = ["findings", "hits", "uploads", "verdicts"]
