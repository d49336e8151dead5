"""Qualifications: what a worker has, what can be asked for, tests and what came of them."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from marketplace import clock
from marketplace import qualifications as rules
from marketplace.documents import DocumentError
from marketplace.models import Qualification, QualificationRequest, QualificationType, Worker
from marketplace.refusals import Refused
from marketplace.site.access import for_workers
from marketplace.site.question_forms import Form
from marketplace.transactions import in_transaction

PAGE = 100
IDLE, PENDING = QualificationRequest.State.IDLE, QualificationRequest.State.PENDING


@require_safe
@for_workers
def qualifications(request: HttpRequest, worker: Worker) -> HttpResponse:
    """What the worker has, what is open, and what can be asked for."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:200]
    held = (
        Qualification.objects.filter(worker=worker, status=Qualification.Status.GRANTED)
        .select_related("qualification_type__requester")
        .order_by("qualification_type__name", "pk")
    )
    asked = (
        QualificationRequest.objects.filter(worker=worker, state__in=QualificationRequest.OPEN)
        .select_related("qualification_type__requester")
        .order_by("-pk")
    )
    offered = (
        QualificationType.objects.filter(is_active=True, deleted_at=None)
        .exclude(pk__in=held.values("qualification_type"))
        .exclude(pk__in=asked.values("qualification_type"))
        .select_related("requester")
        .order_by("-pk")
    )
    if words:
        found = Q(name__icontains=words) | Q(description__icontains=words) | Q(keywords__icontains=words)
        offered = offered.filter(found)
    context = {"held": held[:PAGE], "asked": asked[:PAGE], "offered": offered[:PAGE], "words": words}
    return render(request, "site/qualifications.html", context)


@require_safe
@for_workers
def qualification(request: HttpRequest, worker: Worker, type_id: str) -> HttpResponse:
    """One qualification: what it is, whether the worker has it, and its test while that is being taken."""
    return _page(request, worker, _type(type_id))


@require_POST
@for_workers
def ask(request: HttpRequest, worker: Worker, type_id: str) -> HttpResponse:
    """Ask for it; where there is a test, its time begins now."""
    kind = _type(type_id)
    try:
        asked = in_transaction(lambda: rules.ask(type_id, worker.worker_id))
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        if asked.state == QualificationRequest.State.GRANTED:
            messages.success(request, f"You have “{kind.name}” now.")
        elif asked.state == PENDING:
            messages.success(request, "Asked for. The requester decides.")
    return redirect("qualification", type_id)


@require_POST
@for_workers
def hand_in(request: HttpRequest, worker: Worker, type_id: str) -> HttpResponse:
    """Hand in the test; with an answer key it is scored at once."""
    kind = _type(type_id)
    taking = QualificationRequest.objects.filter(worker=worker, qualification_type=kind, state=IDLE).first()
    if taking is None:
        messages.error(request, "This test is not begun, or its time is over.")
        return redirect("qualification", type_id)
    try:
        form = Form(taking.test, request.POST)
    except DocumentError as error:
        return _page(request, worker, kind, problem=f"This test cannot be shown: {error}", status=422)
    if not form.is_good:
        return _page(request, worker, kind, problem=form.problem, form=form, status=422)
    try:
        done = in_transaction(
            lambda: rules.hand_in(
                type_id, worker.worker_id, fields=form.fields, request_id=request.POST.get("request", "")
            )
        )
    except Refused as refused:
        if refused.code == "bad_answer":
            return _page(request, worker, kind, problem=refused.message, form=form, status=422)
        messages.error(request, refused.message)
    else:
        if done.state == QualificationRequest.State.GRANTED:
            messages.success(request, f"You have “{kind.name}” now, with the value {done.value}.")
        else:
            messages.success(request, "Handed in. The requester looks at your answers.")
    return redirect("qualification", type_id)


def _page(
    request: HttpRequest,
    worker: Worker,
    kind: QualificationType,
    *,
    problem: str = "",
    form: Form | None = None,
    status: int = 200,
) -> HttpResponse:
    requests = QualificationRequest.objects.filter(worker=worker, qualification_type=kind).order_by("-pk")
    latest = requests.first()
    now = clock.now()
    taking = latest if latest and latest.state == IDLE and (not latest.deadline or latest.deadline > now) else None
    context: dict[str, Any] = {
        "kind": kind,
        "held": Qualification.objects.filter(
            worker=worker, qualification_type=kind, status=Qualification.Status.GRANTED
        ).first(),
        "latest": latest,
        "taking": taking,
        "again_at": _again_at(kind, latest),
        "may_ask": _may_ask(kind, worker),
        "items": None,
        "problem": problem,
    }
    if taking:
        try:
            context["items"] = (form or Form(taking.test)).items
        except DocumentError as error:
            context["problem"] = f"This test cannot be shown: {error}"
    return render(request, "site/qualification.html", context, status=status)


def _again_at(kind: QualificationType, latest: QualificationRequest | None) -> datetime | None:
    """When the worker may ask again after having asked; None if now, or never (see kind.retry_delay)."""
    if latest is None or kind.retry_delay is None:
        return None
    moment = latest.created_at + timedelta(seconds=kind.retry_delay)
    return moment if moment > clock.now() else None


def _may_ask(kind: QualificationType, worker: Worker) -> bool:
    try:
        rules.check_may_ask(kind, worker, clock.now())
    except Refused:
        return False
    return True


def _type(type_id: str) -> QualificationType:
    kind = (
        QualificationType.objects.select_related("requester")
        .filter(qualification_type_id=type_id, deleted_at=None)
        .first()
    )
    if kind is None:
        raise Http404
    return kind
