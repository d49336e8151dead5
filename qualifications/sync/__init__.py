"""Remote collections become rows."""

from qualifications.sync.types import find_types, pull, pull_requests, pull_types

__all__ = ["find_types", "pull", "pull_requests", "pull_types"]
