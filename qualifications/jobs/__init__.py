"""Bulk actions of qualifications, a file for each noun; importing registers them."""

from qualifications.jobs import requests, scores

__all__ = ["requests", "scores"]
