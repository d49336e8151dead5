"""Taking the next few for oneself, giving them back, and whether everybody will be done in time."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from dashboard.access import of_account
from dashboard.models import Command, Membership, User
from dashboard.permissions import Denied
from dashboard.selections import named
from hits import actions
from hits.commands import ApproveAssignment, RejectAssignment
from hits.models import Assignment
from hits.views.review.looking import look

#: Deadlines looked at for the forecast; with more waiting than that nobody needs an exact number.
MOST = 5_000
_VERDICTS = (ApproveAssignment.name, RejectAssignment.name)


@require_POST
@of_account
def take(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Hand this person the next ones of the view, and open the first."""
    query = QueryDict(request.POST.get("query", ""), mutable=True)
    # "The next 20" of what I hold are the next 20 of all that I would otherwise see.
    if query.get("reviewer") == membership.user.get_username():
        del query["reviewer"]
    looking = look(membership, query)
    try:
        taken = actions.take(account=membership.account, by=membership.user, rows=looking.rows, order=looking.order)
    except Denied as reason:
        messages.error(request, str(reason))
        return redirect(looking.queue_url)
    if not taken:
        messages.info(request, "Nothing in this view is free: all that waits is held by somebody, or nothing waits.")
        return redirect(looking.queue_url)
    query["reviewer"] = membership.user.get_username()
    messages.success(request, f"{len(taken)} are yours for half an hour; every decision prolongs it.")
    return redirect(look(membership, query).at(taken[0]))


@require_POST
@of_account
def release(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Give back what I hold; approvers give back what somebody else (`of`) holds."""
    query = QueryDict(request.POST.get("query", ""), mutable=True)
    query.pop("reviewer", None)
    of = named(request.POST, "of")
    whose = User.objects.filter(username=of, memberships__account=membership.account).first() if of else None
    try:
        if of and whose is None:
            raise Denied("There is no such person in this account.")
        count = actions.release(account=membership.account, by=membership.user, of=whose)
        messages.success(request, f"{count} given back.")
    except Denied as reason:
        messages.error(request, str(reason))
    return redirect(look(membership, query).queue_url)


@require_GET
@of_account
def forecast(request: HttpRequest, membership: Membership) -> HttpResponse:
    """How many will be approved by themselves before anybody gets there, at the pace of the last hour."""
    account, now = membership.account, timezone.now()
    made = Command.objects.filter(
        account=account, kind__in=_VERDICTS, job=None, created_at__gt=now - timedelta(hours=1)
    )
    by = list(made.order_by("-created_at").values_list("requested_by", flat=True)[:MOST])
    waiting = Assignment.objects.of(account).awaiting_review().oldest_deadline_first()
    deadlines = list(waiting.values_list("auto_approval_at", flat=True)[:MOST])
    hours = [(deadline - now).total_seconds() / 3600 for deadline in deadlines]
    context = {
        "pace": len(by),
        "mine": by.count(membership.user_id),
        "lost": too_late(hours, per_hour=len(by)),
        "capped": len(deadlines) == MOST,
        "soon": sum(1 for left in hours if left < 24),
        "waiting": len(deadlines),
        "url": reverse("queue", args=[account.slug]),
    }
    return render(request, "hits/forecast.html", context)


def too_late(hours: list[float], *, per_hour: float) -> int:
    """Of deadlines `hours` from now, ascending, how many pass before somebody who does `per_hour` gets to them.

    Who always takes the one that is due first and lets go what is over misses as many as the worst moment has more
    deadlines behind it than work could be done by then.
    """
    return (
        max((number - int(max(left, 0) * per_hour) for number, left in enumerate(hours, 1)), default=0) if hours else 0
    )
