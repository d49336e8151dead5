"""A task's page made ready for a frame of ours: Amazon's addresses become ours, and a script of ours comes first."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hits.questions.attributes import fill
from marketplace import documents

# With all its variants: /crowd-html-elements.js, /crowd-html-elements-v2.js, /v2/…, …-without-ce-polyfill.js
_CROWD_SCRIPT = re.compile(
    r"(?:https?:)?//assets\.crowd\.aws/(?:v\d/)?crowd-html-elements(?:-v\d)?(?:-without-ce-polyfill)?(?:\.min)?\.js",
    re.IGNORECASE,
)
_HIT_SCRIPT = re.compile(
    r"(?:https?:)?//(?:s3\.amazonaws\.com/mturk-public|mturk-public\.s3\.amazonaws\.com)/externalHIT_v1\.js",
    re.IGNORECASE,
)
_HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)
_START = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!doctype[^>]*>\s*)?(?:<html(?:\s[^>]*)?>)?", re.IGNORECASE)
_HTML = re.compile(
    r"(?i)\s*(?:\ufeff\s*)?<(!doctype html|html|head|body|script|crowd-|form|div|p|link|style|section|!--|h[1-6])\b"
)
# What a worker could answer with; markup without it is no task.
_FIELD = re.compile(r"(?i)<(form|input|select|textarea|crowd-)")
_LONGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is shown: `html`, or a `form` (a QuestionForm's text), or the `url` of a page elsewhere; else
    `problem`, a sentence."""

    html: str = ""
    form: str = ""
    url: str = ""
    height: int = 0
    problem: str = ""


def task(text: str) -> Task:
    """The task in a HIT's Question text, which may also be the bare HTML of a layout. Never raises."""
    if not text.strip():
        return Task(problem="MTurk gave no question for it.")
    if len(text) > _LONGEST:
        return Task(problem="The question is too long to be shown.")
    try:
        question = documents.parse_question(text)
    except documents.DocumentError as error:
        bare = _HTML.match(text) and _FIELD.search(text)
        return Task(html=text) if bare else Task(problem=str(error))
    if question.kind is documents.Kind.HTML_QUESTION:
        return Task(html=question.html, height=question.frame_height or 0)
    if question.kind is documents.Kind.EXTERNAL_QUESTION:
        return Task(url=question.url, height=question.frame_height or 0)
    return Task(form=text)


def page(html: str, *, scripts: Mapping[str, str], first: str, inputs: Mapping[str, Any] | None = None) -> str:
    """The HTML of a task with `${name}` filled in, `first` (markup) before everything of its own, and in the place of
    Amazon's scripts ours: `scripts` has the addresses of `crowd`, `crowd-v2` and `external-hit`."""
    html = fill(html, dict(inputs or {}))
    html = _HIT_SCRIPT.sub(lambda found: scripts["external-hit"], html)
    html = _CROWD_SCRIPT.sub(lambda found: scripts["crowd-v2" if "v2" in found[0].lower() else "crowd"], html)
    place = _HEAD.search(html) or _START.match(html)
    end = place.end() if place else 0
    return html[:end] + first + html[end:]
