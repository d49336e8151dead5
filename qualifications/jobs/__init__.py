"""Bulk actions of qualifications, a file for each noun; importing registers them."""

from qualifications.jobs import scores

__all__ = ["scores"]
