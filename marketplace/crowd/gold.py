"""Gold answers for a crowd, from a request or a file: {HITId or "*": {field: what is right}}."""

import json
from pathlib import Path
from typing import Any

from marketplace.crowd.answers import Gold
from marketplace.ids import ENTITY_ID

ALL = "*"  # instead of a HITId: every HIT
LARGEST_FILE = 20_000_000  # bytes


def gold_in(given: Any) -> dict[str, Gold]:
    """Gold answers, {HITId or "*": {field: what is right}}; ValueError with a sentence if it is something else."""
    if not isinstance(given, dict):
        raise ValueError('gold must be an object: {HITId, or "*" for all HITs: {field: what is right}}.')
    for hit_id, answers in given.items():
        if hit_id != ALL and not ENTITY_ID.fullmatch(hit_id):
            raise ValueError(f'gold has answers for {hit_id[:40]!r}, which is no HITId; for all HITs write "*".')
        if not isinstance(answers, dict):
            raise ValueError(f"gold for {hit_id} must be an object: {{field: what is right}}.")
    return given


def gold_from(path: str) -> dict[str, Gold]:
    """The gold answers in a file of JSON; ValueError with a sentence where there are none."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if len(data) > LARGEST_FILE:
        raise ValueError(f"{path} is larger than {LARGEST_FILE} bytes.")
    try:
        given = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is no JSON: {error}.") from None
    return gold_in(given)
