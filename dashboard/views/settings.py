"""Connection, policy and members of an account."""

import copy

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dashboard import actions, drift, tasks
from dashboard.access import of_account
from dashboard.forms import ConnectionForm, MemberForm, PolicyForm
from dashboard.models import Account, Drift, Membership, Role, SyncRun
from dashboard.numbers import whole
from dashboard.permissions import Denied
from dashboard.statistics import COUNT_TO


@require_http_methods(["GET", "POST"])
@of_account
def account_settings(request: HttpRequest, membership: Membership) -> HttpResponse:
    account = membership.account
    action = request.POST.get("action", "")
    changed = copy.copy(account)
    data = request.POST if request.method == "POST" else None
    connection = ConnectionForm(data if action == "connection" else None, instance=changed)
    policy = PolicyForm(data if action == "policy" else None, instance=copy.copy(account))
    member = MemberForm(data if action == "member_add" else None, account=account)
    error = ""
    if request.method == "POST":
        try:
            done = _change_settings(action, request, membership, connection, policy, member)
        except Denied as reason:
            done, error = "", str(reason)
        if done:
            messages.success(request, done)
            return redirect("account_settings", account.slug)
    if error:
        messages.error(request, error)
    context = {
        "can_manage": membership.role >= Role.MANAGER,
        "connection_form": connection,
        "policy_form": policy,
        "member_form": member,
        "members": account.memberships.select_related("user").order_by("-role", "user__username"),
        "role_choices": Role.choices,
        "sync_runs": SyncRun.objects.filter(account=account).select_related("requested_by")[:5],
        "check": None,
        "comparison": drift.last_comparison(account),
        "open_drift": Drift.objects.open().filter(account=account).order_by()[:COUNT_TO].count(),
    }
    return render(request, "dashboard/account_settings.html", context, status=422 if data and not error else 200)


def _change_settings(
    action: str,
    request: HttpRequest,
    membership: Membership,
    connection: ConnectionForm,
    policy: PolicyForm,
    member: MemberForm,
) -> str:
    """Do what one of the forms of the settings page asks; the sentence to show, or "" where a form is wrong."""
    account, by = membership.account, membership.user
    if membership.role < Role.MANAGER:
        raise Denied("You need to be a manager of this account to change its settings.")
    if action == "connection" and connection.is_valid():
        before = Account.objects.get(pk=account.pk)
        actions.change_account(account=connection.save(commit=False), by=by, before=before)
        tasks.start_sync(account, by=by)
        return "Saved. The connection is being tried now; the result appears here."
    if action == "policy" and policy.is_valid():
        before = Account.objects.get(pk=account.pk)
        actions.change_account(account=policy.save(commit=False), by=by, before=before)
        return "The policy was saved."
    if action == "member_add" and member.is_valid():
        chosen = member.cleaned_data
        actions.add_member(account=account, user=chosen["user"], role=chosen["role"], by=by)
        return f"{chosen['user'].get_username()} was added."
    if action in ("member_role", "member_remove"):
        pk = whole(request.POST.get("member", ""))
        row = account.memberships.select_related("user").filter(pk=pk).first() if pk is not None else None
        if row is None:
            raise Denied("That person is no longer a member.")
        role: Role | None = None
        if action == "member_role":
            try:
                role = Role(int(request.POST.get("role", "")))
            except ValueError:
                raise Denied("There is no such role.") from None
        actions.change_member(membership=row, role=role, by=by)
        return f"{row.user.get_username()} is {role.label} now." if role else f"{row.user.get_username()} was removed."
    if action not in ("connection", "policy", "member_add"):
        raise Denied("This page was out of date. Try again.")
    return ""
