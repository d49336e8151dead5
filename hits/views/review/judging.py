"""What stays between us: what an answer is worth as data, flags, and taking either back."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from dashboard.access import of_account
from dashboard.models import Membership
from dashboard.permissions import Denied
from dashboard.selections import named
from hits import actions
from hits.actions.data import as_text, as_typed, fields_of, in_the_form, is_untouched
from hits.agreement import inputs_of
from hits.answers.painted import is_mask
from hits.answers.sources import Sources
from hits.answers.typed import NotADrawing
from hits.answers.values import is_drawing, same, values
from hits.forms import DataForm, DecisionForm, FlagForm
from hits.models import Assignment, AssignmentStatus
from hits.questions import read_question
from hits.views.masks import editor
from hits.views.review.deciding import after
from hits.views.review.looking import look
from hits.views.review.queue import row
from hits.views.review.workbench import assignment_of, workbench
from hits.views.values import shown_value

MOST_OTHERS = 10
MOST_SUGGESTIONS = 5


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@of_account
def data_verdict(request: HttpRequest, membership: Membership, assignment_id: str) -> HttpResponse:
    """POST judges an answer as data; GET is the form in which its values are corrected."""
    current = assignment_of(membership, assignment_id)
    if request.method != "POST":
        return _correcting(request, current, QueryDict(request.GET.get("query", "")).urlencode())
    query = QueryDict(request.POST.get("query", ""))
    form = DataForm(request.POST)
    if request.POST.get("action") == "look":
        return _correcting(request, current, query.urlencode(), typed=form.typed())
    if form.is_valid():
        try:
            actions.judge(
                assignment=current, by=membership.user, verdict=form.cleaned_data["verdict"], typed=form.typed()
            )
        except Denied as reason:
            form.add_error(None, str(reason))
    if form.errors:
        sentence = " ".join(str(error) for errors in form.errors.values() for error in errors)
        if request.htmx and request.POST.get("from") == "queue":  # type: ignore[attr-defined]
            return row(request, membership, assignment_id, sentence)
        if form.typed():
            return _correcting(request, current, query.urlencode(), typed=form.typed(), error=sentence)
        return _refused(request, membership, current, query, sentence)
    actions.keep(account=membership.account, by=membership.user)
    # Pay is decided already: nothing more is to be done here, and the next one comes.
    if current.status != AssignmentStatus.SUBMITTED or current.verdict is not None:
        return after(request, membership, current, query)
    return _here(request, membership, current, query)


def _correcting(
    request: HttpRequest, current: Any, query: str, *, typed: dict[str, str] | None = None, error: str = ""
) -> HttpResponse:
    """Each field with the worker's value, the value to keep, and what others of the HIT said."""
    others = Assignment.objects.filter(hit=current.hit).exclude(pk=current.pk).order_by("submitted_at")
    said = [values(other.answer, current.hit.question) for other in others.only("answer")[:MOST_OTHERS]]
    kept, typed = current.corrected or {}, typed or {}
    sources = Sources(read_question(current.hit.question), inputs_of([current.hit_id]).get(current.hit_id))
    fields = []
    for name, value in fields_of(current).items():
        suggestions: list[Any] = []
        for other in said if not is_drawing(value) else ():
            if name in other and not any(same(other[name], one) for one in [value, *suggestions]):
                suggestions.append(other[name])
        was = in_the_form(value)
        text = typed.get(name, as_text(kept[name]) if name in kept else was)
        field = {
            "name": name,
            "was": was,
            "value": text,
            "lines": min(6, was.count("\n") + 1),
            "is_list": isinstance(value, list),
            "suggestions": [as_text(one) for one in suggestions[:MOST_SUGGESTIONS]],
        }
        if is_drawing(value):
            field |= _pictured(name, value, text, sources)
        if is_mask(value):
            field["mask"] = editor(name, value, text, sources)
        fields.append(field)
    context = {
        "assignment": current,
        "fields": fields,
        "query": query,
        "error": error,
        "drawings": any("drawn" in field for field in fields),
    }
    part = "#form" if request.htmx else ""  # type: ignore[attr-defined]
    response = render(request, f"hits/workbench/correct.html{part}", context, status=422 if error else 200)
    if error:
        response["HX-Retarget"], response["HX-Reswap"] = "this", "outerHTML"  # the form, and not the whole workbench
    return response


def _pictured(name: str, value: Any, text: str, sources: Sources) -> dict[str, Any]:
    """Of a drawing: the worker's as a picture and, where something else was typed, that, or why it is none."""
    found: dict[str, Any] = {"drawn": shown_value(value, name, sources)}
    if is_untouched(text, value):
        return found
    try:
        return {**found, "redrawn": shown_value(as_typed(text, value), name, sources)}
    except NotADrawing as reason:
        return {**found, "problem": str(reason)}


@require_POST
@of_account
def flag(request: HttpRequest, membership: Membership, assignment_id: str) -> HttpResponse:
    """action=set with a reason, which may be empty, or action=clear for all flags of the answer."""
    current = assignment_of(membership, assignment_id)
    query = QueryDict(request.POST.get("query", ""))
    form = FlagForm(request.POST)
    if form.is_valid():
        try:
            if form.cleaned_data["action"] == "set":
                actions.flag(assignment=current, by=membership.user, reason=form.cleaned_data["reason"])
            else:
                actions.clear_flags(assignment=current, by=membership.user)
        except Denied as reason:
            form.add_error(None, str(reason))
    if form.errors:
        sentence = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return _refused(request, membership, current, query, sentence, flag_reason=request.POST.get("reason", ""))
    actions.keep(account=membership.account, by=membership.user)
    return _here(request, membership, current, query)


@require_POST
@of_account
def undo(request: HttpRequest, membership: Membership, number: int) -> HttpResponse:
    """Take back the last judgement or flag, which entry `number` of the record tells of."""
    query = QueryDict(request.POST.get("query", ""))
    try:
        undone = actions.take_back(account=membership.account, by=membership.user, number=number)
    except Denied as reason:
        messages.error(request, str(reason))
        shown = named(request.POST, "assignment")
        if not shown:
            return redirect(look(membership, query).queue_url)
        return _here(request, membership, assignment_of(membership, shown), query)
    return _here(request, membership, assignment_of(membership, undone.assignment_id), query)


def _here(request: HttpRequest, membership: Membership, current: Any, query: QueryDict) -> HttpResponse:
    """The same answer again, as it is now."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(look(membership, query).at(current.assignment_id))
    if request.POST.get("from") == "queue":
        return row(request, membership, current.assignment_id)
    return workbench(request, membership, assignment_of(membership, current.assignment_id), query)


def _refused(
    request: HttpRequest, membership: Membership, current: Any, query: QueryDict, sentence: str, **more: Any
) -> HttpResponse:
    form = DecisionForm({"action": "approve"})
    form.add_error(None, sentence)
    return workbench(request, membership, current, query, form=form, status=422, **more)
