"""One worker doing one task: a choice, a text, a number, each right as often as the worker is skilled."""

import hashlib
import math
import time
from random import Random
from typing import Any

from .hints import Hints, chosen_in
from .texts import TextRules, styled

MOST_SECONDS = 2.0  # of CPU for one task: real ones take milliseconds
TEXTS = (
    "The instructions were clear and the examples helped a lot.",
    "I was not sure about one detail, but I chose what seemed most likely.",
    "Everything loaded quickly. I checked my answer twice.",
)
SHORT = ("maple", "harbour", "green", "twelve", "north", "paper", "window", "river", "stone", "market", "lamp", "seven")
LAZY = ("ok", "good", "nice", "yes", "no comment", "asdf")


class CannotAnswer(Exception):
    """The crowd does not know how to do this task; the message says why."""


class Hand:
    """What every choice depends on. `about` is the task's text: what is made up as right follows from it alone."""

    def __init__(
        self, *, skill: float, rng: Random, hints: Hints, about: str, style: str = "plain", honest: bool = True
    ) -> None:
        self.rng, self.hints, self.style, self.honest = rng, hints, style, honest
        self.skill = skill if honest else 0.0
        self._about = hashlib.sha256(about.encode("utf-8", "replace")).hexdigest()
        self._began = time.thread_time()
        # Whoever does not look answers always in the same place, mostly the first.
        self._place = rng.choice([0, 0, 0, -1])

    def check_time(self) -> None:
        """CannotAnswer once a task has taken more thought than any real one does."""
        if time.thread_time() - self._began > MOST_SECONDS:
            raise CannotAnswer("The task is so large or so contrived that the crowd cannot finish it.")

    def hint(self, name: str) -> dict[str, Any]:
        return self.hints.get(name, {})

    def careful(self) -> bool:
        return self.rng.random() < self.skill

    def agreed(self, name: str) -> Random:
        """Where the truth about a field is not known: numbers from which all workers make up the same."""
        return Random(f"{self._about}:{name}")  # noqa: S311

    # One value of each sort

    def choice(self, name: str, options: list[str]) -> str:
        """One of the options, of which there is at least one."""
        if not self.honest:
            return options[self._place]
        hint = self.hint(name)
        if "weights" in hint and self.careful():
            weights = [max(0.0, float(hint["weights"].get(option, 0))) for option in options]
            if any(weights):
                return self.rng.choices(options, weights)[0]
        if "truth" in hint:
            right = chosen_in(hint["truth"], options)
        else:
            right = [] if "weights" in hint else [self.agreed(name).choice(options)]
        if right and self.careful():
            return right[0]
        slips = [slip for slip in hint.get("slips", ()) if slip in options and slip not in right[:1]]
        if slips and self.rng.random() < 0.4 + self.skill / 2:
            return str(self.rng.choice(slips))
        # The careless take what stands first more often than not.
        return options[0] if self.rng.random() < 0.5 - self.skill / 2 else self.rng.choice(options)

    def several(self, name: str, options: list[str], least: int, most: int) -> list[str]:
        """From `least` to `most` of the options, in their order; fewer only where there are fewer."""
        hint, chosen = self.hint(name), []
        if not self.honest:
            chosen = options[: max(1, least)] if self._place == 0 else options[-max(1, least) :]
        elif "weights" in hint:
            chosen = [option for option in options if self.rng.random() < float(hint["weights"].get(option, 0.3))]
            chosen = chosen if self.careful() else chosen[:1]
        else:
            agreed = self.agreed(name)
            made_up = [option for option in options if agreed.random() < 0.35]
            made_up = made_up or options[: 1 if agreed.random() < 0.85 else 0]
            chosen = chosen_in(hint["truth"], options) if "truth" in hint else made_up
            if not self.careful():  # one too many or one too few, mostly
                changed = set(self.rng.sample(options, min(len(options), self.rng.choice([1, 1, 2]))))
                chosen = [option for option in options if (option in chosen) != (option in changed)]
        missing = [option for option in options if option not in chosen]
        while len(chosen) < least and missing:
            chosen = [*chosen, missing.pop(self.rng.randrange(len(missing)))]
        return [option for option in options if option in chosen][: max(most, least)]

    def ticked(self, name: str, value: str) -> bool:
        """Whether a box of that value is ticked."""
        if not self.honest:
            return False
        hint = self.hint(name)
        if "weights" in hint:
            return self.rng.random() < float(hint["weights"].get(value, 0.3))
        truth = hint.get("truth")
        if truth is None:
            truth = self.agreed(f"{name}={value}").random() < 0.3
        elif isinstance(truth, str) and truth.lower() in ("true", "false"):
            truth = truth.lower() == "true"
        elif not isinstance(truth, bool):
            truth = bool(chosen_in(truth, [value]))
        return truth if self.careful() else self.rng.random() < 0.3

    def text(self, name: str, *, required: bool, rules: TextRules | None = None) -> str:
        """A text that fits the rules, or "" where none is required; CannotAnswer where nothing that fits is found."""
        self.check_time()
        rules, hint = rules or TextRules(), self.hint(name)
        wanted: list[str] = []
        if "truth" in hint and self.honest:
            truth, slips = str(hint["truth"]), [str(slip) for slip in hint.get("slips", ())]
            wrong = self.rng.choice(slips) if slips else truth.lower()[: max(1, len(truth) - 2)]
            wanted = [truth, wrong] if self.careful() else [wrong, truth]
        elif not required and self.rng.random() < 0.45:
            return ""
        careful = self.careful()
        if not careful:
            wanted.append(str(self.rng.choice(hint.get("lazy", LAZY))))
        elif rules.is_long or "texts" in hint:
            wanted.append(styled(str(self.rng.choice(hint.get("texts", TEXTS))), self.style, self.rng))
        else:  # a short answer, on which the good ones agree
            wanted.append(" ".join(self.agreed(name).sample(SHORT, 2)))
        found = rules.fitting(wanted, self.agreed(name) if careful else self.rng)
        if found is None and required:
            raise CannotAnswer(f'The crowd finds no text that the field "{name[:60]}" allows.')
        return found or ""

    def number(self, name: str, low: float, high: float, step: float = 1) -> str:
        """A number from `low` to `high` in whole steps from `low`, as a form posts it."""
        hint = self.hint(name)
        slips, right = hint.get("slips", ()), str(hint.get("truth", ""))
        if not self.honest:
            value = self.rng.choice([low, (low + high) / 2])
        elif not right:
            value = self.agreed(name).triangular(low, high)
            # Estimates scatter, and those of the careless more.
            value = self.rng.gauss(value, (high - low) * (0.02 + 0.2 * (1 - self.skill)))
        elif self.careful():
            spread = float(hint.get("spread", 0))
            if not spread and low <= float(right) <= high:
                return right  # as it was written: 14.80, not 14.8
            value = self.rng.gauss(float(right), spread)
        elif slips:
            value = float(self.rng.choice(slips))
            if low <= value <= high:
                return f"{value:.2f}" if "." in right else f"{value:.0f}"
        else:
            value = self.rng.choice([low, high, (low + high) / 2, self.rng.uniform(low, high)])
        return written(value, low, high, step)


def written(value: float, low: float, high: float, step: float) -> str:
    """The nearest number that a control with these bounds can hold."""
    steps = round((value - low) / step)
    value = low + min(math.floor((high - low) / step + 1e-9), max(0, steps)) * step
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
