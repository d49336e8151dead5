"""Doing a task: the page around it, the document in its frame, and handing in."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from marketplace import clock, work
from marketplace.answers import RESERVED
from marketplace.documents import DocumentError, Kind, Question, parse_question
from marketplace.models import HIT, Assignment, Worker
from marketplace.refusals import Refused
from marketplace.site import frames
from marketplace.site.access import for_workers
from marketplace.site.groups import groups_for
from marketplace.site.question_forms import Form
from marketplace.transactions import in_transaction

ACCEPTED = Assignment.Status.ACCEPTED
MOST_BYTES = 8 * 1024 * 1024  # of a form handed in: several pictures drawn over, as text


@require_safe
@for_workers
def task(request: HttpRequest, worker: Worker, assignment_id: str) -> HttpResponse:
    """One assignment of the worker's: the task while it is in hand, else what became of it."""
    assignment = _own(worker, assignment_id)
    if assignment.status != ACCEPTED or assignment.deadline <= clock.now():
        return render(request, "site/task_over.html", {"assignment": assignment, "hit_type": assignment.hit.hit_type})
    return _task_page(request, assignment)


def _task_page(
    request: HttpRequest, assignment: Assignment, *, problem: str = "", form: Form | None = None, status: int = 200
) -> HttpResponse:
    hit = assignment.hit
    question, unreadable = _read(hit.question)
    if question is not None and question.kind is Kind.QUESTION_FORM and form is None:
        form = Form(hit.question)
    context: dict[str, Any] = {
        "items": form.items if form else None,
        "assignment": assignment,
        "hit_type": hit.hit_type,
        "source": frames.Source(problem=unreadable),
        "accept_next": request.session.get("accept_next", False),
        "problem": problem,
    }
    if question is not None and question.kind is not Kind.QUESTION_FORM:
        context["source"] = frames.source_of(request, hit, question, assignment)
    return render(request, "site/task.html", context, status=status)


@require_POST
@for_workers
def submit_form(request: HttpRequest, worker: Worker, assignment_id: str) -> HttpResponse:
    """Hand in a QuestionForm that was filled in on our own page."""
    assignment = _own(worker, assignment_id)
    try:
        form = Form(assignment.hit.question, request.POST)
    except DocumentError:
        return redirect("task", assignment_id)  # only a QuestionForm is filled in on our own page
    if assignment.status == ACCEPTED and not form.is_good:
        return _task_page(request, assignment, problem=form.problem, form=form, status=422)
    try:
        in_transaction(lambda: work.submit(assignment.assignment_id, fields=form.fields))
    except Refused as refused:
        if refused.code == "bad_answer":
            return _task_page(request, assignment, problem=refused.message, form=form, status=422)
        context = {
            "assignment": _own(worker, assignment_id),
            "hit_type": assignment.hit.hit_type,
            "typed": [(name, _joined(values)) for name, values in form.fields.items()],
        }
        return render(request, "site/task_over.html", context, status=409)
    return redirect("task_next", assignment_id)


@require_safe
@for_workers
def task_next(request: HttpRequest, worker: Worker, assignment_id: str) -> HttpResponse:
    """After handing in: the next HIT of the same group if the worker wants that, else the group or the list."""
    assignment = _own(worker, assignment_id)
    hit_type = assignment.hit.hit_type
    if assignment.status == ACCEPTED:
        return redirect("task", assignment_id)  # a task can say that it was handed in when it was not
    if request.session.get("accept_next"):
        return render(request, "site/next.html", {"hit_type": hit_type})
    messages.success(request, f"Handed in: {hit_type.title}. The requester looks at it now.")
    left = groups_for(worker, clock.now(), hit_type=hit_type)
    return redirect(reverse("group", args=[hit_type.hit_group_id]) if left else reverse("groups"))


@require_safe
@for_workers
def task_state(request: HttpRequest, worker: Worker, assignment_id: str) -> JsonResponse:
    """{"in_hand": bool}: what task.js asks when a task says that it was handed in; tasks can say anything."""
    assignment = get_object_or_404(Assignment.objects.only("status"), assignment_id=assignment_id, worker=worker)
    return JsonResponse({"in_hand": assignment.status == ACCEPTED})


@require_POST
@for_workers
def accept_next(request: HttpRequest, worker: Worker) -> HttpResponse:
    """Whether the next HIT of a group is taken by itself; remembered while signed in."""
    request.session["accept_next"] = request.POST.get("on") == "1"
    return HttpResponse(status=204)


# --- the frame --------------------------------------------------------------------------------------------------------


@require_safe
@xframe_options_exempt
@for_workers
def frame(request: HttpRequest, worker: Worker, name: str) -> HttpResponse:
    """The document of an HTMLQuestion: of an assignment (by its id), or of a HIT that may be looked at (by its own).

    Of one that came too late as well: it shows what was typed, to be copied.
    """
    assignment = Assignment.objects.select_related("hit").filter(assignment_id=name, worker=worker).first()
    hit = assignment.hit if assignment else HIT.objects.alive().select_related("hit_type").filter(hit_id=name).first()
    if hit is None:
        return _framed(request, "There is no such task any more.", status=404)
    if assignment is None:
        found = groups_for(worker, clock.now(), hit_type=hit.hit_type)
        if not found or not found[0].can_preview:
            return _framed(request, "This task cannot be looked at any more. Load the page again.", status=404)
    question, problem = _read(hit.question)
    if question is None or question.kind is not Kind.HTML_QUESTION:
        return _framed(request, problem or "This task is no HTMLQuestion.", status=404)
    response = HttpResponse(frames.document(question))
    response["Content-Security-Policy"] = frames.POLICY
    response["Cache-Control"] = "no-store"
    return response


@csrf_exempt  # posted by somebody else's page; the AssignmentId is what entitles to it
@xframe_options_exempt
def external_submit(request: HttpRequest) -> HttpResponse:
    """Where every HTMLQuestion and ExternalQuestion posts its form to (api:2712)."""
    if request.method != "POST":
        return _framed(request, "A task's form has to be sent with the POST method.", status=405)
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise RequestDataTooBig
        posted, files = dict(request.POST.lists()), request.FILES
    except (SuspiciousOperation, UnreadablePostError, MultiPartParserError, BadRequest):
        sentence = "What was sent is larger than can be handed in, or it was cut off on the way. Nothing was handed in."
        return _framed(request, sentence, status=413)
    given: dict[str, str | list[str]] = {**dict(request.GET.lists()), **posted}
    assignment_id = str((given.get("assignmentId") or [""])[0])
    if assignment_id == frames.NOT_ACCEPTED:
        return _framed(request, "This was only a look at the task. Accept it first, then hand it in.", status=409)
    if not assignment_id:
        sentence = "The task did not say which assignment this is, so it cannot be handed in."
        return _framed(request, sentence, status=400)
    if files:
        return _framed(request, "Files cannot be handed in here. Nothing was handed in.", status=400)
    fields = {name: values for name, values in given.items() if name not in RESERVED}
    try:
        in_transaction(lambda: work.submit(assignment_id, fields=fields))
    except Refused as refused:
        return _framed(request, _sentence(assignment_id, refused), status=409)
    return _framed(request)


def _framed(request: HttpRequest, problem: str = "", *, status: int = 200) -> HttpResponse:
    """A small page inside a task's frame: that it was handed in or, with `problem`, why not."""
    response = render(request, "site/submitted.html", {"problem": problem}, status=status)
    # It stands inside somebody's task and says nothing about anybody; any page may frame it.
    response["Content-Security-Policy"] = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'"
    response["Cache-Control"] = "no-store"
    return response


def _joined(values: str | list[str]) -> str:
    return values if isinstance(values, str) else "\n".join(values)


_SENTENCES = {
    "too_late": "The time for this task was over before it was handed in.",
    "no_such_assignment": "There is no such assignment, or its task was taken back by the requester.",
}


def _sentence(assignment_id: str, refused: Refused) -> str:
    if refused.code == "not_accepted":
        status = Assignment.objects.filter(assignment_id=assignment_id).values_list("status", flat=True).first()
        if status in Assignment.HANDED_IN:
            return "This task was handed in already. Nothing was changed."
        return "This task is not in your hands any more: it was given back, or its time was over."
    if refused.code == "bad_answer":
        return f"It could not be handed in: {refused.message}"
    return _SENTENCES.get(refused.code, refused.message)


def _own(worker: Worker, assignment_id: str) -> Assignment:
    rows = Assignment.objects.select_related("hit__hit_type__requester", "worker")
    return get_object_or_404(rows, assignment_id=assignment_id, worker=worker)


def _read(text: str) -> tuple[Question | None, str]:
    try:
        return parse_question(text), ""
    except DocumentError as error:
        return None, f"This task cannot be shown: {error}"
