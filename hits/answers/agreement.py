"""How far the answers of one HIT agree: field by field, and for each of them with the others."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from hits.answers.values import SAME_DRAWING, compare, is_blank, is_drawing, key_of, same
from hits.questions import read_question

#: Answers of one HIT that are compared with each other; more of them are each compared with as many of the first.
MOST_ANSWERS = 60
#: Drawings that one drawing is compared with: comparing pictures is what takes time.
MOST_DRAWINGS = 12
Said = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FieldAgreement:
    """One field of a HIT. `majority` is what most said, None where two values were said equally often; `most` of
    `total` said it. `agreement` is the mean of `each`, 0 to 1, which is how far each answer agrees with the others."""

    name: str
    counts: tuple[tuple[Any, int], ...]  # value, how many said it, most often first; of drawings the first of its like
    majority: Any
    most: int
    total: int
    each: tuple[float, ...]
    drawing: bool = False
    counted: bool = True  # whether it goes into the agreement of an answer: free text does not

    @property
    def agreement(self) -> float:
        return sum(self.each) / len(self.each) if self.each else 1.0

    @property
    def is_decided(self) -> bool:
        return self.most > 0

    def agrees(self, value: Any) -> bool:
        """Whether a value says what the majority says; nobody disagrees with a tie."""
        return not self.is_decided or same(value, self.majority)


@dataclass(frozen=True, slots=True)
class Agreement:
    """All answers of a HIT. `percents` has one for each answer, None where there is nothing to compare it in."""

    fields: tuple[FieldAgreement, ...] = ()
    percents: tuple[int | None, ...] = ()
    names: dict[str, FieldAgreement] = field(default_factory=dict)


def free_text(question_text: str) -> set[str]:
    """Fields in which workers write what they like: two of them never say the same in it, and need not."""
    fields = read_question(question_text).fields
    return {name for name, control in fields.items() if control.control == "textarea"}


def agree(answers: Sequence[Said], free: Collection[str] = ()) -> Agreement:
    """The agreement of `answers` (as `values` gives them, all of one HIT); fields in `free` are shown and not counted.

    What an answer's percent is: the mean over its fields of whether it says what the majority of the *others* says.
    Where the others are split it says half of it, a third of it and so on. Drawings: the mean overlap with the others'.
    """
    names = list(dict.fromkeys(name for answer in answers for name in answer))
    fields = tuple(
        agreement_of(name, [answer.get(name) for answer in answers], counted=_counts(name, free)) for name in names
    )
    counted = [this for this in fields if this.counted and this.total and any(not is_blank(v) for v, _ in this.counts)]
    percents: list[int | None] = []
    for place in range(len(answers)):
        scores = [this.each[place] for this in counted]
        percents.append(round(100 * sum(scores) / len(scores)) if scores and len(answers) > 1 else None)
    return Agreement(fields, tuple(percents), {this.name: this for this in fields})


def against(said: Said, others: Sequence[Said], free: Collection[str] = ()) -> int | None:
    """The percent of one answer against others, without a look at how these agree among themselves."""
    names = list(dict.fromkeys([*said, *(name for other in others for name in other)]))
    scores = []
    for name in names:
        mine, theirs = said.get(name), [other.get(name) for other in others]
        if not _counts(name, free) or (is_blank(mine) and all(map(is_blank, theirs))):
            continue
        if is_drawing(mine) or any(map(is_drawing, theirs)):
            looked_at = theirs[:MOST_DRAWINGS]
            scores.append(sum(compare(mine, other) for other in looked_at) / len(looked_at))
        else:
            scores.append(_share(key_of(mine), Counter(map(key_of, theirs))))
    return round(100 * sum(scores) / len(scores)) if scores and others else None


def agreement_of(name: str, said: Sequence[Any], *, counted: bool = True) -> FieldAgreement:
    """One field of several answers, None where an answer does not mention it."""
    if any(map(is_drawing, said)):
        return _of_drawings(name, said, counted)
    keys = [key_of(value) for value in said]
    examples: dict[str, Any] = {}
    for key, value in zip(keys, said, strict=True):
        examples.setdefault(key, None if key == "" else value)
    often = Counter(keys)
    ranked = often.most_common()
    alone = len(ranked) == 1 or (bool(ranked) and ranked[0][1] > ranked[1][1])
    each = []
    for key in keys:
        often[key] -= 1
        each.append(_share(key, often) if len(keys) > 1 else 1.0)
        often[key] += 1
    return FieldAgreement(
        name,
        tuple((examples[key], count) for key, count in ranked),
        examples[ranked[0][0]] if alone else None,
        ranked[0][1] if alone else 0,
        len(keys),
        tuple(each),
        counted=counted,
    )


def _counts(name: str, free: Collection[str]) -> bool:
    return name not in free and not name.endswith(".workerComment")


def _share(key: str, others: Counter[str]) -> float:
    """1 where `key` is what most others say, 1/n where it is one of n said equally often."""
    most = max(others.values(), default=0)
    leaders = [other for other, count in others.items() if count == most and count > 0]
    return 1 / len(leaders) if key in leaders else 0.0


def _of_drawings(name: str, said: Sequence[Any], counted: bool) -> FieldAgreement:
    """The majority of drawings is the one that most others are like, where these are more than half."""
    looked_at = _evenly(len(said), MOST_DRAWINGS)
    overlaps = {(i, j): compare(said[i], said[j]) for i in range(len(said)) for j in looked_at if i != j}
    each, like = [], []
    for i in range(len(said)):
        mine = [overlaps[i, j] for j in looked_at if i != j]
        each.append(sum(mine) / len(mine) if mine else 1.0)
        like.append(1 + sum(overlap >= SAME_DRAWING for overlap in mine))
    best = max(looked_at, key=lambda i: (like[i], each[i], -i))
    decided = 2 * like[best] > len(looked_at) or len(said) == 1
    groups: list[list[int]] = []
    for i in sorted(looked_at, key=lambda i: -like[i]):
        group = next((its for its in groups if overlaps[i, its[0]] >= SAME_DRAWING), None)
        if group is None:
            groups.append([i])
        else:
            group.append(i)
    return FieldAgreement(
        name,
        tuple((said[its[0]], len(its)) for its in groups),
        said[best] if decided else None,
        like[best] if decided else 0,
        len(looked_at),
        tuple(each),
        drawing=True,
        counted=counted,
    )


def _evenly(count: int, most: int) -> list[int]:
    if count <= most:
        return list(range(count))
    return sorted({round(place * (count - 1) / (most - 1)) for place in range(most)})
