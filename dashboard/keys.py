"""Secrets: made once, kept beside the data, never in the repository; requesters' keys are encrypted with them."""

import base64
import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken


def kept_secret(path: Path) -> str:
    """Return the secret kept in `path`, making it (0600) on first use; two processes starting at once agree."""
    if not path.exists():
        # Written aside and linked into place: nobody ever reads half a secret, and the first one wins.
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()


class Undecipherable(Exception):
    """A stored key cannot be read with the present FIELD_ENCRYPTION_KEY."""


def _fernet() -> Fernet:
    from django.conf import settings

    digest = hashlib.sha256(settings.FIELD_ENCRYPTION_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def encrypt(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode() if text else ""


def decrypt(token: str) -> str:
    if not token:
        return ""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Undecipherable(
            "The stored secret key cannot be read: FIELD_ENCRYPTION_KEY changed. Enter the key again."
        ) from error
