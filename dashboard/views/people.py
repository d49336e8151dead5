"""The way in and what is the person's own: the first visit, the accounts they reach, their profile."""

from typing import Any

from allauth.account.utils import perform_login
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from dashboard import actions, tasks
from dashboard.access import memberships_of
from dashboard.forms import ConnectionForm, ProfileForm, SetupForm
from dashboard.models import Environment, Role, User
from dashboard.permissions import Denied


@require_GET
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """For whoever starts or watches the process: it answers, and so does its database."""
    User.objects.exists()
    return JsonResponse({"status": "ok"})


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    memberships = memberships_of(request)
    return redirect("overview", memberships[0].account.slug) if memberships else redirect("accounts")


@require_http_methods(["GET", "POST"])
@login_not_required
def setup(request: HttpRequest) -> HttpResponse:
    """The first visit creates the manager; afterwards this page is not there."""
    if User.objects.exists():
        raise Http404("The manager exists already.")
    form = SetupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            user = actions.create_manager(
                username=chosen["username"], password=chosen["password"], email=chosen["email"]
            )
        except Denied as reason:
            form.add_error(None, str(reason))
        else:
            perform_login(request, user, email_verification="none")
            return redirect("accounts")
    return render(request, "dashboard/setup.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def accounts(request: HttpRequest) -> HttpResponse:
    memberships = memberships_of(request)
    assert isinstance(request.user, User)
    can_add = request.user.is_superuser or any(row.role == Role.MANAGER for row in memberships)
    initial = {"environment": Environment.MARKETPLACE, "region": "us-east-1"}
    form = ConnectionForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            account = actions.create_account(account=form.save(commit=False), by=request.user)
        except Denied as reason:
            form.add_error(None, str(reason))
        else:
            tasks.start_sync(account, full=True, by=request.user)
            messages.success(request, f"{account.name} was added; it is being read now.")
            return redirect("overview", account.slug)
    shown = []
    for membership in memberships:
        account_row: Any = membership.account
        account_row.role_label = Role(membership.role).label
        shown.append(account_row)
    context = {"accounts": shown, "can_add": can_add, "account_form": form}
    return render(request, "dashboard/accounts.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("profile")
    context = {"form": form, "mfa_on": is_mfa_enabled(request.user)}
    return render(request, "dashboard/profile.html", context, status=422 if form.errors else 200)
