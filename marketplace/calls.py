"""How often each operation was called since the last reset; kept in this process, shown by the control paths."""

import collections
import threading

_counts: collections.Counter[str] = collections.Counter()
_lock = threading.Lock()


def count(operation: str) -> None:
    with _lock:
        _counts[operation] += 1


def counts() -> dict[str, int]:
    with _lock:
        return dict(_counts)


def clear() -> None:
    with _lock:
        _counts.clear()
