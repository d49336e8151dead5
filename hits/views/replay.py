"""The task as the worker saw it, with the answer put back into it; and the task as a worker sees it before accepting.

A task is somebody else's program. Each stands at an address of its own, whose response gives its document an origin
that is nobody's: neither our cookies nor the page around it can be reached from there, and its forms go nowhere.
"""

import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from dashboard.access import of_account
from dashboard.models import Membership
from hits.answers import Given, parse
from hits.answers.refill import refill
from hits.models import HIT, Assignment, HITInput
from hits.questions import frame, read_question
from hits.questions.form import asked
from marketplace import documents

#: What MTurk puts there while a worker only looks; task scripts know it.
NOT_ACCEPTED = "ASSIGNMENT_ID_NOT_AVAILABLE"
# Tasks and their pictures live anywhere, so anything may be loaded.
_TASK_POLICY = (
    "sandbox allow-scripts{more}; default-src * data: blob: 'unsafe-inline' 'unsafe-eval'; form-action 'none'; "
    "frame-ancestors 'self'"
)
PREVIEW_POLICY = _TASK_POLICY.format(more=" allow-forms")
# With an answer in it also no script may hand anything in: not by a form, and not by a call.
REPLAY_POLICY = _TASK_POLICY.format(more="") + "; connect-src 'none'"
FORM_POLICY = (
    "sandbox{more}; default-src 'none'; style-src 'unsafe-inline'; img-src * data:; media-src *; form-action 'none'; "
    "frame-ancestors 'self'"
)


def _assignment_of(membership: Membership, assignment_id: str) -> Assignment:
    rows = Assignment.objects.of(membership.account).select_related("hit__hit_type", "verdict").defer("raw", "hit__raw")
    return get_object_or_404(rows, assignment_id=assignment_id)


@require_GET
@vary_on_headers("HX-Request")
@of_account
def replay(request: HttpRequest, membership: Membership, assignment_id: str) -> HttpResponse:
    """The page around the frame; for htmx the frame alone with the sentences that belong to it."""
    assignment = _assignment_of(membership, assignment_id)
    hit = assignment.hit
    task = frame.task(hit.question)
    seen = {"assignmentId": assignment.assignment_id, "hitId": hit.hit_id, "workerId": assignment.worker_id}
    # Where answers went, for scripts that read it; nothing that is sent there leaves the frame.
    query = urlencode({**seen, "turkSubmitTo": "https://www.mturk.com"})
    context = {
        "assignment": assignment,
        "hit": hit,
        "task": task,
        "problem": _problem(assignment, task),
        "external_host": _host(task.url),
        "frame_url": f"{reverse('replay_frame', args=[membership.account.slug, assignment.assignment_id])}?{query}",
        "query": request.GET.urlencode(),
        "frame_height": min(max(task.height or 720, 320), 900),
    }
    part = "#frame" if getattr(request, "htmx", False) else ""
    return render(request, f"hits/replay.html{part}", context)


def _problem(assignment: Assignment, task: frame.Task) -> str:
    """What keeps the answer out of the task, in a sentence; nothing where it can be put back."""
    if task.problem:
        return f"The task cannot be shown: {task.problem}"
    parsed = parse(assignment.answer)
    return f"The answer could not be put back into the task. {parsed.problem}" if parsed.problem else ""


def _host(url: str) -> str:
    """The host of an address that may become a link."""
    try:
        address = urlsplit(url)
        return address.hostname or "" if address.scheme.lower() in ("http", "https") else ""
    except ValueError:
        return ""


@require_GET
@xframe_options_exempt
@of_account
def replay_frame(request: HttpRequest, membership: Membership, assignment_id: str) -> HttpResponse:
    """The task with the answer in it, read only, as a document of an origin of its own; only our pages may frame it."""
    assignment = _assignment_of(membership, assignment_id)
    text = assignment.hit.question
    task = frame.task(text)
    if not task.html:
        return form_document(request, assignment.hit, answers=parse(assignment.answer).answers)
    answer = refill(assignment.answer, read_question(text))
    inputs = HITInput.objects.of([assignment.hit_id]).get(assignment.hit_id)
    first = format_html(
        '<script src="{}" data-answer="{}"></script>', _absolute(request, "crowd/refill.js"), json.dumps(answer)
    )
    return _guarded(task_document(request, task.html, first, inputs), REPLAY_POLICY)


def task_document(request: HttpRequest, html: str, first: str, inputs: dict[str, Any] | None = None) -> HttpResponse:
    """An HTML task with its inputs filled in and our scripts in the place of Amazon's.

    They have whole addresses: a task may have a base of its own."""
    scripts = {
        "crowd": _absolute(request, "crowd/crowd-html-elements.js"),
        "crowd-v2": _absolute(request, "crowd/crowd-html-elements-v2.js"),
        "external-hit": _absolute(request, "js/external-hit.js"),
    }
    return HttpResponse(frame.page(html, scripts=scripts, first=first, inputs=inputs))


def form_document(request: HttpRequest, hit: HIT, *, answers: dict[str, Given] | None = None) -> HttpResponse:
    """A QuestionForm drawn by us, with `answers` where there are any; or why there is nothing to draw."""
    task = frame.task(hit.question)
    context: dict[str, Any] = {
        "title": hit.hit_type.title or hit.hit_id,
        "items": None,
        "refilled": answers is not None,
        "problem": task.problem,
        "text": hit.question,
    }
    if task.form:
        try:
            context["items"] = asked(task.form, answers)
        except documents.DocumentError as error:
            context["problem"] = str(error)
    elif task.url:
        context["problem"], context["text"] = "The task is a page of its own, which is not loaded here:", task.url
    # A look is no submission, but whoever only looks may try the fields.
    policy = FORM_POLICY.format(more="" if answers is not None else " allow-forms")
    return _guarded(render(request, "hits/preview.html", context), policy)


def preview_document(request: HttpRequest, hit: HIT) -> HttpResponse:
    """What a worker is asked before accepting. Its frame.js tells the page around it what could not be loaded."""
    task = frame.task(hit.question)
    if not task.html:
        return form_document(request, hit)
    first = format_html('<script src="{}"></script>', _absolute(request, "js/frame.js"))
    inputs = HITInput.objects.of([hit.pk]).get(hit.pk)
    return _guarded(task_document(request, task.html, first, inputs), PREVIEW_POLICY)


def _absolute(request: HttpRequest, name: str) -> str:
    return request.build_absolute_uri(static(name))


def _guarded(response: HttpResponse, policy: str) -> HttpResponse:
    response["Content-Security-Policy"] = policy
    response["Cache-Control"] = "no-store"
    # Whoever serves a picture of the task is not told which answer is looked at.
    response["Referrer-Policy"] = "no-referrer"
    return response
