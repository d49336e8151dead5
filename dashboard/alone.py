"""One at a time: a second thread of a process would stand in the first one's way, and keep others from theirs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_at_work: set[tuple[str, int]] = set()
_lock = threading.Lock()


@contextmanager
def alone(what: str, account_id: int) -> Iterator[bool]:
    """Whether this thread may do `what` for the account; false while another one of the process is at it."""
    with _lock:
        free = (what, account_id) not in _at_work
        if free:
            _at_work.add((what, account_id))
    try:
        yield free
    finally:
        if free:
            with _lock:
                _at_work.discard((what, account_id))
