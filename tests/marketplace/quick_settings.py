"""The marketplace's settings, for the tests' own server: only passwords are reckoned more quickly."""

from marketplace.settings import *  # noqa: F403

PASSWORD_HASHERS = ["tests.passwords.QuickHasher"]
