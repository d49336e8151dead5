"""The settings page of texts ready to be said to workers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dashboard.access import of_account
from dashboard.models import Membership, Role
from dashboard.numbers import whole
from dashboard.permissions import Denied
from hits.actions import reasons as actions
from hits.forms import ReasonForm
from hits.models import ReasonTemplate


@require_http_methods(["GET", "HEAD", "POST"])
@of_account
def reasons(request: HttpRequest, membership: Membership) -> HttpResponse:
    """POST action=save (a new one, or `template`), delete, up, down, adopt."""
    account, by = membership.account, membership.user
    action, template = request.POST.get("action", ""), whole(request.POST.get("template", ""))
    form = ReasonForm(request.POST) if action == "save" else None
    if request.method == "POST":
        try:
            if form is not None:
                if form.is_valid():
                    said = form.cleaned_data
                    actions.save_reason(account=account, by=by, template=template, **said)
                    messages.success(request, f"“{said['title']}” is saved.")
                    return redirect("reasons", account.slug)
            else:
                _do(action, membership, template)
                return redirect("reasons", account.slug)
        except Denied as reason:
            if form is None:
                messages.error(request, str(reason))
                return redirect("reasons", account.slug)
            form.add_error("title", str(reason))
    rows = actions.reasons_of(account)
    editing = next((row for row in rows if row.pk and row.pk == (template or whole(request.GET.get("edit", "")))), None)
    if form is None:
        form = ReasonForm(instance=editing) if editing else ReasonForm(initial={"use": ReasonTemplate.Use.REJECT})
    context = {
        "groups": [
            (label, [(row, actions.preview(row.text)) for row in rows if row.use == use])
            for use, label in ReasonTemplate.Use.choices
        ],
        "own": bool(rows and rows[0].pk),
        "editing": editing,
        "form": form,
        "variables": actions.VARIABLES,
        "can_change": membership.role >= Role.APPROVER,
    }
    return render(request, "hits/reasons.html", context, status=422 if form.errors else 200)


def _do(action: str, membership: Membership, template: int | None) -> None:
    account, by = membership.account, membership.user
    if action == "adopt":
        actions.adopt_defaults(account=account, by=by)
    elif template is None or action not in ("delete", "up", "down"):
        raise Denied("This page was out of date. Try again.")
    elif action == "delete":
        actions.delete_reason(account=account, by=by, template=template)
    else:
        actions.move_reason(account=account, by=by, template=template, down=action == "down")
