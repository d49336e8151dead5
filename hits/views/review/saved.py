"""Views of the queue under a name, for everybody in the account."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from dashboard.access import of_account
from dashboard.models import Membership, Role
from dashboard.permissions import Denied
from hits import actions
from hits.forms import SavedViewForm
from hits.models import SavedView
from hits.views.review.looking import look


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@of_account
def saved_views(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The list of them, with the one that is looked at now to save; POST saves, renames or deletes."""
    if request.method == "POST":
        return _change(request, membership)
    return _shown(request, membership, request.GET.get("query", ""))


def _shown(
    request: HttpRequest, membership: Membership, query: str, *, form: SavedViewForm | None = None
) -> HttpResponse:
    looking = look(membership, QueryDict(query))
    views = list(SavedView.objects.filter(account=membership.account).select_related("made_by"))
    context = {
        "views": views,
        "query": looking.text,
        "words": list(looking.filters.labels(None).values()),
        "here": next((view for view in views if view.query == looking.text), None),
        "can_save": membership.role >= Role.REVIEWER,
        "form": form,
        "queue_url": reverse("queue", args=[membership.account.slug]),
    }
    part = "#menu" if request.htmx and form is None else ""  # type: ignore[attr-defined]
    return render(request, f"hits/saved_views.html{part}", context, status=422 if form else 200)


def _change(request: HttpRequest, membership: Membership) -> HttpResponse:
    form = SavedViewForm(request.POST)
    back, query = request.POST.get("back", ""), request.POST.get("query", "")
    if form.is_valid():
        chosen = form.cleaned_data
        try:
            if chosen["action"] == "save":
                # As the queue itself would write it: what is not a filter is not kept.
                text = look(membership, QueryDict(chosen["query"])).text
                actions.save_view(account=membership.account, by=membership.user, name=chosen["name"], query=text)
                messages.success(request, f"“{chosen['name']}” is in everybody's list of views.")
                return redirect(reverse("queue", args=[membership.account.slug]) + (f"?{text}" if text else ""))
            if chosen["action"] == "rename":
                actions.rename_view(
                    account=membership.account, by=membership.user, view=chosen["view"], name=chosen["name"]
                )
            else:
                actions.delete_view(account=membership.account, by=membership.user, view=chosen["view"])
            return redirect(reverse("saved_views", args=[membership.account.slug]) + (f"?{back}" if back else ""))
        except Denied as reason:
            form.add_error("name", str(reason))
    return _shown(request, membership, query, form=form)
