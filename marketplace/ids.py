"""Identifiers in the forms clients have stored for twenty years; all of them satisfy the service model's patterns."""

import re
import secrets
import string

CAPITALS = string.ascii_uppercase + string.digits
ENTITY_ID = re.compile(r"[A-Z0-9]{1,64}")
WORKER_ID = re.compile(r"A[A-Z0-9]{1,63}")


def _random(length: int) -> str:
    return "".join(secrets.choice(CAPITALS) for _ in range(length))


def new_id() -> str:
    """A HIT, HIT type, HIT group or assignment: 30 characters, `^3[A-Z0-9]{29}$`."""
    return "3" + _random(29)


def new_worker_id() -> str:
    """A worker, or a requester seen as a person: 14 characters, `^A[A-Z0-9]{13}$`."""
    return "A" + _random(13)


def new_access_key_id() -> str:
    """`^AKIA[A-Z0-9]{16}$`, as AWS writes them, so that clients that look at the form are content."""
    return "AKIA" + _random(16)


def new_secret_access_key() -> str:
    """40 characters, enough entropy to sign with."""
    return secrets.token_urlsafe(30)
