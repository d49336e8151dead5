"""A mask on the correction form: its labels as a plain form and, where the browser can, something to paint with."""

import json
from typing import Any

from hits.answers.painted import LONGEST_LABEL, LONGEST_MASK, NotAMask, as_painted, fields_of_painted
from hits.answers.pixels import MOST_PIXELS
from hits.answers.sources import Sources
from hits.answers.text import shown
from hits.views.values import legend

MOST_OFFERED = 100


def editor(name: str, value: dict[str, Any], text: str, sources: Sources) -> dict[str, Any]:
    """What templates/hits/workbench/mask.html needs to show `text`, a correction of the worker's `value`."""
    try:
        labels, gone, png = fields_of_painted(text)
    except NotAMask:
        labels, gone, png = fields_of_painted(as_painted(value, own=True))
    used = [shown(label, LONGEST_LABEL) for label in (*value["labels"].values(), *labels.values())]
    offered = [*dict.fromkeys((*sources.labels(name), *used))][:MOST_OFFERED]
    rows = [{**entry, "value": labels[entry["key"]], "gone": entry["key"] in gone} for entry in legend(labels)]
    return {
        "width": value["width"],
        "height": value["height"],
        "picture": sources.picture(name),
        "by_thing": bool(value.get("instances")),
        "rows": rows,
        # Where the task names its labels there are no others to choose.
        "offered": offered if sources.labels(name) else [],
        "known": offered,
        "addable": offered if value.get("instances") else [label for label in offered if label not in labels.values()],
        "png": "" if png == value["png"] else png,
        "was": value["png"],
        "was_labels": json.dumps(value["labels"], ensure_ascii=False),
        "can_paint": bool(value["png"]) and value["width"] * value["height"] <= MOST_PIXELS,
        "most": LONGEST_MASK,
    }
