"""The document a task's frame shows, and where it comes from.

A task is somebody else's program. An HTMLQuestion stands in a frame of opaque origin: it can read neither this site's
cookies nor the page around it. An ExternalQuestion comes from where it lives and keeps the origin it has there, so it
must not live here.
"""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from marketplace.documents import Kind, Question
from marketplace.models import HIT, Assignment

# What the parameter says while a worker only looks (api:2702); task scripts know it.
NOT_ACCEPTED = "ASSIGNMENT_ID_NOT_AVAILABLE"
PERMISSIONS = "allow-scripts allow-forms allow-modals allow-popups"
POLICY = f"sandbox {PERMISSIONS}; default-src * data: blob: 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'self'"
LEAST_HEIGHT, MOST_HEIGHT = 160, 4000  # pixels

# Addresses at Amazon that tasks are written with; here each has a counterpart on this site.
_SUBMIT = re.compile(r"(?:https?:)?//(?:www|workersandbox|worker)\.mturk\.com/mturk/externalSubmit", re.IGNORECASE)
_HIT_SCRIPT = re.compile(
    r"(?:https?:)?//(?:s3\.amazonaws\.com/mturk-public|mturk-public\.s3\.amazonaws\.com)/externalHIT_v1\.js",
    re.IGNORECASE,
)
# With all its variants: /crowd-html-elements.js, /crowd-html-elements-v2.js, /v2/…, …-without-ce-polyfill.js
_CROWD_SCRIPT = re.compile(
    r"(?:https?:)?//assets\.crowd\.aws/(?:v\d/)?crowd-html-elements(?:-v\d)?(?:-without-ce-polyfill)?(?:\.min)?\.js",
    re.IGNORECASE,
)
_HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)
_START = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!doctype[^>]*>\s*)?(?:<html(?:\s[^>]*)?>)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a frame gets its document: `url`, with the `sandbox` permissions it is to have; or `problem`, in words."""

    url: str = ""
    sandbox: str = PERMISSIONS
    height: int = 0
    problem: str = ""
    is_elsewhere: bool = False  # an ExternalQuestion, which tells nobody how high it is


def parameters(request: HttpRequest, hit: HIT, assignment: Assignment | None) -> str:
    """The query every task is called with, in the order recorded from Mechanical Turk; no worker in a preview."""
    given = {"assignmentId": assignment.assignment_id if assignment else NOT_ACCEPTED, "hitId": hit.hit_id}
    if assignment:
        given["workerId"] = assignment.worker.worker_id
    # The worker's own browser has to reach it, so by the name under which it reached this page.
    given["turkSubmitTo"] = request.build_absolute_uri("/").rstrip("/")
    return urlencode(given)


def source_of(request: HttpRequest, hit: HIT, question: Question, assignment: Assignment | None) -> Source:
    """What the frame of a HIT is to load. A QuestionForm has none: it is part of the page."""
    query = parameters(request, hit, assignment)
    height = min(max(question.frame_height or 0, 0), MOST_HEIGHT)
    if question.kind is Kind.HTML_QUESTION:
        name = assignment.assignment_id if assignment else hit.hit_id
        return Source(f"{reverse('frame', args=[name])}?{query}", height=height)
    if problem := _problem_of(request, question.url):
        return Source(problem=problem)
    url, _, fragment = question.url.partition("#")
    joined = f"{url}{'&' if '?' in url else '?'}{query}"
    return Source(
        f"{joined}#{fragment}" if fragment else joined,
        sandbox=f"{PERMISSIONS} allow-same-origin",
        height=height,
        is_elsewhere=True,
    )


def _problem_of(request: HttpRequest, url: str) -> str:
    """Why an ExternalQuestion's address is not shown, in words; nothing where it is."""
    try:
        address = urlsplit(url)
        scheme, host, port = address.scheme.lower(), (address.hostname or "").rstrip("."), address.port
    except ValueError:
        return "This task's page has an address that cannot be used."
    if scheme != "https" and not (scheme == "http" and host in {"127.0.0.1", "localhost"}):
        return "This task's page has no https address, so it is not shown. The requester can be told."
    for ours in (request.build_absolute_uri("/"), settings.PUBLIC_URL):
        own = urlsplit(ours)
        if ours and (own.hostname, _port(own)) == (host, port or (443 if scheme == "https" else 80)):
            return "This task's page has the address of this site itself, so it is not shown."
    return ""


def _port(address: SplitResult) -> int:
    return address.port or (443 if address.scheme == "https" else 80)


def _crowd_file(address: str) -> str:
    """Our own file in the place of one of Amazon's: every name of both versions is served."""
    return "crowd/crowd-html-elements-v2.js" if "v2" in address.lower() else "crowd/crowd-html-elements.js"


def document(question: Question) -> str:
    """An HTMLQuestion's page with Amazon's addresses replaced by ours, and the script that talks to the page around."""
    html = _SUBMIT.sub(lambda found: reverse("external_submit"), question.html)
    html = _HIT_SCRIPT.sub(lambda found: static("js/external-hit.js"), html)
    html = _CROWD_SCRIPT.sub(lambda found: static(_crowd_file(found[0])), html)
    script = f'<script src="{static("js/frame.js")}"></script>'
    place = _HEAD.search(html) or _START.match(html)
    end = place.end() if place else 0
    return html[:end] + script + html[end:]
