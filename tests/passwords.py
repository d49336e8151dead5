"""Passwords are slow to reckon on purpose, a third of a second each, which keeps nobody off in a test."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    iterations = 100
