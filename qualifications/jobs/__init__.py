"""Bulk actions of qualifications, a file for each noun; importing registers them."""

from qualifications.jobs import panels, requests, scores

__all__ = ["panels", "requests", "scores"]
