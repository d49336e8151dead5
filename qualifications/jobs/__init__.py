"""Bulk actions of qualifications."""
