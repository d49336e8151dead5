"""Agreement beyond chance over many HITs: Krippendorff's alpha, Cohen's and Fleiss' kappa (by nltk)."""

from collections import Counter
from collections.abc import Collection, Sequence
from math import isfinite
from typing import Any

from hits.answers.values import PLAIN_NUMBER, compare, is_blank, is_drawing, key_of

#: Answers of one HIT that are looked at.
MOST_RATERS = 10
#: Different values beyond which a field is free text: chance has no meaning there, and alpha's cost is their square.
MOST_LABELS = 300
#: Different texts up to which digits may be the names of options.
FEW = 8
_MOST_FIELDS = 120
_PAIRS = 3  # of drawings, for each HIT
Said = dict[str, Any]


def annotation_task(triples: list[tuple[Any, Any, Any]], distance: str = "binary") -> Any:
    """nltk's AnnotationTask over (coder, item, label); `distance` is binary, interval or jaccard."""
    # Imported where it is used: it costs a third of a second at the start of every process.
    from nltk.metrics import agreement
    from nltk.metrics import distance as distances

    return agreement.AnnotationTask(triples, getattr(distances, f"{distance}_distance"))


def measure(items: Sequence[Sequence[Said]], free: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """Field name -> {"percent", "items", "alpha", "kappa", "kappa_name", "raters", "kappa_items", "note"}.

    `items` are HITs with the answers of each (as `values` gives them). Percent is the share of pairs of answers of one
    HIT that say the same; of drawings the mean overlap of pairs. Numbers are absent where they mean nothing.
    """
    names = dict.fromkeys(name for answers in items for said in answers for name in said)
    found = {}
    for name in list(names)[:_MOST_FIELDS]:
        rated = [[said.get(name) for said in answers] for answers in items if len(answers) > 1]
        # A field that nobody of a HIT filled in was not asked there, or has nothing to disagree about.
        rated = [said for said in rated if not all(map(is_blank, said))]
        if rated:
            found[name] = _of_field(rated, free=name in free or name.endswith(".workerComment"))
    return found


def _of_field(rated: list[list[Any]], *, free: bool) -> dict[str, Any]:
    said = [value for values in rated for value in values if not is_blank(value)]
    labels: list[list[Any]]
    if any(map(is_drawing, said)):
        overlaps = [compare(values[i], values[i + 1]) for values in rated for i in range(min(_PAIRS, len(values) - 1))]
        return {
            "items": len(rated),
            "percent": round(100 * sum(overlaps) / len(overlaps)),
            "note": "mean overlap of two answers",
        }
    if are_numbers(said):
        kind, distance = "number", "interval"
        rated = [[value for value in values if not is_blank(value)] for values in rated]
        rated = [values for values in rated if len(values) > 1]
        labels = [[float(value) for value in values] for values in rated]
    elif any(isinstance(value, list) for value in said):
        kind, distance = "several", "jaccard"
        labels = [[_options(value) for value in values] for values in rated]
    else:
        kind, distance = "choice", "binary"
        labels = [[key_of(value) for value in values] for values in rated]
    if not labels:
        return {"items": 0, "note": "hardly anybody filled it in"}
    measured: dict[str, Any] = {"items": len(labels), "percent": round(100 * _percent(labels))}
    if free:
        return measured | {"note": "free text"}
    if len({label for row in labels for label in row}) > MOST_LABELS:
        return measured | {"note": "too many different values"}
    measured |= _known("alpha", _alpha(labels, distance))
    if kind != "number":
        measured |= _kappa(labels)
    return measured


def are_numbers(said: Collection[Any]) -> bool:
    """Whether values are numbers, or text in which everybody typed one; few different ones may be options' names."""
    if all(isinstance(value, str) for value in said):
        return len(set(said)) > FEW and all(PLAIN_NUMBER.match(value) for value in said)
    return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in said)


def _options(value: Any) -> frozenset[str]:
    if isinstance(value, list):
        return frozenset(key_of(item) for item in value) or frozenset([""])
    return frozenset([key_of(value)])


def _percent(labels: list[list[Any]]) -> float:
    """The mean over HITs of the share of pairs that say the same."""
    total = 0.0
    for row in labels:
        alike = sum(number * (number - 1) for number in Counter(row).values())
        total += alike / (len(row) * (len(row) - 1))
    return total / len(labels)


def _alpha(labels: list[list[Any]], distance: str) -> float | None:
    # nltk sorts by the item and compares coders by name; who a coder is does not matter to alpha.
    triples = [(place, item, label) for item, row in enumerate(labels) for place, label in enumerate(row)]
    try:
        return float(annotation_task(triples, distance).alpha())
    except (ValueError, ZeroDivisionError):
        return None


def _kappa(labels: list[list[Any]]) -> dict[str, Any]:
    """Cohen's kappa where HITs have two answers, else Fleiss' (nltk: multi-pi), on the HITs with that many answers.

    Workers come and go, so the first answer of each HIT is taken for one rater's, the second for another's.
    """
    raters = Counter(map(len, labels)).most_common(1)[0][0]
    rows = [row for row in labels if len(row) == raters]
    task = annotation_task([(place, item, label) for item, row in enumerate(rows) for place, label in enumerate(row)])
    try:
        kappa = float(task.kappa() if raters == 2 else task.pi())
    except (ValueError, ZeroDivisionError):
        return {}
    name = "Cohen’s κ" if raters == 2 else "Fleiss’ κ"
    return _known("kappa", kappa) | {"kappa_name": name, "raters": raters, "kappa_items": len(rows)}


def _known(name: str, number: float | None) -> dict[str, float]:
    return {name: round(number, 3)} if number is not None and isfinite(number) else {}
