"""Kinds of write that concern qualifications, a file for each noun; importing registers them."""

from qualifications.commands import requests, scores, types

__all__ = ["requests", "scores", "types"]
