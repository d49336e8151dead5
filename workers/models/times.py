"""A scale of times on which a median can be kept: a count for each step instead of every value.

Times lie in steps that are each a fifth longer than the one before, so a median read off the scale is within a tenth
of the true one, whatever the number of answers, and one more answer is one addition.
"""

import math

STEP = math.log(1.2)
#: A month; what took longer lay in somebody's queue.
LONGEST = 30 * 86400

Scale = dict[str, int]


def step_of(seconds: int) -> str:
    """The step a time lies in, as a key of JSON."""
    return str(int(math.log(min(max(seconds, 1), LONGEST)) / STEP + 1e-9))


def count(scale: Scale, seconds: int, by: int = 1) -> None:
    step = step_of(seconds)
    scale[step] = scale.get(step, 0) + by


def median(scale: Scale) -> int | None:
    """The median in seconds, to within a tenth; None where nothing is counted."""
    total = sum(scale.values())
    if not total:
        return None
    passed = 0
    for step in sorted(scale, key=int):
        passed += scale[step]
        if passed * 2 >= total:
            return round(math.exp((int(step) + 0.5) * STEP)) if int(step) else 1
    return None
