"""Numbers in attributes: the bounds of a control, the size of a picture."""

import math
from typing import Any

LARGEST = 1e12
MOST_PIXELS = 100_000  # of a side


def number_of(text: Any, otherwise: float) -> float:
    """The number an attribute holds, if it is one that can be reckoned with."""
    try:
        value = float(text)
    except (TypeError, ValueError, OverflowError):
        return otherwise
    return value if math.isfinite(value) and abs(value) <= LARGEST else otherwise


def bounds(element: Any) -> tuple[float, float, float]:
    """min, max and step of a number field or a slider: 0, 100 and 1 unless they say something else."""
    low = number_of(element.get("min"), 0)
    high = number_of(element.get("max"), max(100.0, low + 100))
    if element.get("min") is None and high < low:
        low = high - 100
    step = number_of(element.get("step"), 0)
    if element.get("step", "").strip().lower() == "any":
        step = (high - low) / 1000
    return low, max(low, high), step if step > 0 else 1


def pixels(value: Any) -> int:
    """A side of a picture; ValueError if it is none."""
    side = int(value)
    if not 1 <= side <= MOST_PIXELS:
        raise ValueError(f"a picture's side of {str(value)[:20]} pixels")
    return side
