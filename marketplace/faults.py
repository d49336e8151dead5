"""Faults on demand, so that a client can be tested against a service that misbehaves; kept in this process.

Whether a call is hit is not chance: hash(seed, mode, operation, body, how often this body came) < rate. The same calls
fail in every run, in whatever order threads bring them.
"""

import collections
import hashlib
import threading
from dataclasses import dataclass, field
from typing import Any

from marketplace.service import OPERATIONS

MODES = ("throttle", "error", "drop_before", "drop_after", "latency")
MAX_RULES = 100
MAX_LATENCY = 60_000  # milliseconds
MEMBERS = ("operation", "mode", "rate", "seed", "latency_ms")


@dataclass(frozen=True)
class Verdict:
    """What is to happen to one call: at most one `mode` that spoils it, and a wait before anything else (seconds)."""

    mode: str = ""
    wait: float = 0.0


@dataclass
class Rule:
    operation: str
    mode: str
    rate: float
    seed: int
    latency_ms: int
    arrivals: collections.Counter[bytes] = field(default_factory=collections.Counter)

    def described(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in MEMBERS}

    def hits(self, operation: str, body: bytes) -> bool:
        """Counts this arrival and says whether it is hit. Call with the lock held."""
        if self.operation not in ("*", operation):
            return False
        key = hashlib.sha256(operation.encode() + b"\0" + body).digest()
        self.arrivals[key] += 1
        chance = hashlib.sha256(f"{self.seed}\0{self.mode}\0{self.arrivals[key]}\0".encode() + key).digest()
        return int.from_bytes(chance[:8], "big") < self.rate * 2**64


_rules: list[Rule] = []
_lock = threading.Lock()


class BadRule(ValueError):
    """The sentence says what is wrong with a description of a fault."""


def add(described: dict[str, Any]) -> None:
    """Adds a rule from {"operation", "mode", "rate", "seed", "latency_ms"}; only `mode` has no default."""
    unknown = sorted(set(described) - set(MEMBERS))
    if unknown:
        raise BadRule(f"Unknown member {unknown[0][:100]!r}; a fault has {', '.join(MEMBERS)}.")
    operation, mode = described.get("operation", "*"), described.get("mode")
    rate, seed, latency = described.get("rate", 1.0), described.get("seed", 1), described.get("latency_ms", 50)
    if mode not in MODES:
        raise BadRule(f"mode must be one of {', '.join(MODES)}.")
    if not isinstance(operation, str) or (operation != "*" and operation not in OPERATIONS):
        raise BadRule("operation must be the name of an operation, e.g. SendBonus, or *.")
    if type(rate) not in (int, float) or not 0 <= rate <= 1:
        raise BadRule("rate must be a number from 0 to 1.")
    if type(seed) is not int:
        raise BadRule("seed must be a whole number.")
    if type(latency) not in (int, float) or not 0 <= latency <= MAX_LATENCY:
        raise BadRule(f"latency_ms must be a number of milliseconds from 0 to {MAX_LATENCY}.")
    with _lock:
        if len(_rules) >= MAX_RULES:
            raise BadRule(f"There are {MAX_RULES} faults already; DELETE clears them.")
        _rules.append(Rule(operation, str(mode), float(rate), seed, latency))


def described() -> list[dict[str, Any]]:
    with _lock:
        return [rule.described() for rule in _rules]


def clear() -> None:
    with _lock:
        _rules.clear()


def verdict(operation: str, body: bytes) -> Verdict:
    """What to do with a call. Every rule counts every arrival; the first spoiling rule that hits wins."""
    if not _rules:
        return Verdict()
    mode, wait = "", 0.0
    with _lock:
        for rule in _rules:
            if rule.hits(operation, body):
                if rule.mode == "latency":
                    wait += rule.latency_ms / 1000
                elif not mode:
                    mode = rule.mode
    return Verdict(mode, wait)
