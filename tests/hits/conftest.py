"""The cast of the dashboard's tests, for tests that need a marketplace."""

from tests.dashboard.conftest import lab

__all__ = ["lab"]
