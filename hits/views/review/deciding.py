"""approve, reject and override, from a row of the queue or from the workbench."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from dashboard.access import of_account
from dashboard.models import Command, Membership
from dashboard.permissions import Denied
from hits import actions
from hits.forms import DecisionForm
from hits.models import Assignment
from hits.views.review.looking import Looking, look
from hits.views.review.queue import row
from hits.views.review.workbench import assignment_of, undo_of, workbench


@require_POST
@of_account
def decide(request: HttpRequest, membership: Membership, assignment_id: str) -> HttpResponse:
    """Answers the row it came from, the workbench of the next one, or, where the browser shows the next one already
    (`from=ahead`), only what the decision changed in its bar."""
    current = _named(membership, assignment_id)
    came_from, query = request.POST.get("from", ""), QueryDict(request.POST.get("query", ""))
    form = DecisionForm(request.POST)
    if form.is_valid():
        try:
            _act(form, current, membership)
        except Denied as reason:
            form.add_error(None, str(reason))
    htmx = getattr(request, "htmx", False)
    if form.errors:
        sentence = " ".join(str(error) for errors in form.errors.values() for error in errors)
        if htmx and came_from == "queue":
            return row(request, membership, assignment_id, sentence)
        current = assignment_of(membership, assignment_id)
        panel = form.data.get("action", "")
        return workbench(request, membership, current, query, form=form, open_panel=panel, status=422)
    actions.keep(account=membership.account, by=membership.user)
    return after(request, membership, current, query)


def _named(membership: Membership, assignment_id: str) -> Assignment:
    """What is decided about. Its answer is read and drawn only where it is shown again."""
    rows = Assignment.objects.of(membership.account).defer("answer", "raw", "corrected")
    found = get_object_or_404(rows, assignment_id=assignment_id)
    found.account = membership.account
    return found


def after(request: HttpRequest, membership: Membership, current: Assignment, query: QueryDict) -> HttpResponse:
    """What is shown when something was decided about `current` and the work goes on."""
    htmx, came_from = getattr(request, "htmx", False), request.POST.get("from", "")
    if came_from == "queue":
        if htmx:
            return row(request, membership, current.assignment_id)
        return redirect(reverse("queue", args=[membership.account.slug]) + f"?{query.urlencode()}")
    if htmx and came_from == "ahead":
        return render(request, "hits/workbench/bar.html#undo", {**undo_of(membership), "query": query.urlencode()})
    looking = look(membership, query).free()
    following = next_after(looking, current)
    if htmx:
        shown = assignment_of(membership, following.assignment_id if following else current.assignment_id)
        return workbench(request, membership, shown, query, all_done=following is None)
    return redirect(looking.at(following.assignment_id if following else current.assignment_id))


def next_after(looking: Looking, current: Assignment) -> Assignment | None:
    """The next one in the filtered queue; at its end the first that was skipped."""
    following = looking.beside(current)
    if following is None:
        first = looking.first()
        following = first if first is not None and first.pk != current.pk else None
    return following


def _act(form: DecisionForm, current: Assignment, membership: Membership) -> Command:
    chosen = form.cleaned_data
    act: dict[str, Callable[..., Command]] = {
        "approve": actions.approve,
        "reject": actions.reject,
        "override": actions.override_rejection,
    }
    return act[chosen["action"]](
        assignment=current, by=membership.user, feedback=chosen["feedback"], form_key=chosen["form_key"]
    )
