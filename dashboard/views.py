"""Pages that are not about one noun: overview, activity, audit, settings, accounts, the person, the first visit."""

import copy
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.utils import perform_login
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from dashboard import actions, commands, mturk, statistics, tasks
from dashboard.access import memberships_of, of_account
from dashboard.forms import (
    AuditFilter,
    ConnectionForm,
    MemberForm,
    PolicyForm,
    ProfileForm,
    SetupForm,
)
from dashboard.models import (
    Account,
    AuditEvent,
    AuditHead,
    Command,
    Environment,
    Membership,
    Role,
    State,
    SyncRun,
    User,
)
from dashboard.pages import page
from dashboard.permissions import Denied
from hits import views as hits_views
from hits.models import HIT, Assignment

ACTIVITY_STATES = {
    "": "All",
    State.PROPOSED: "To release",
    State.ATTENTION: "Need a person",
    State.FAILED: "Failed",
    State.QUEUED: "Queued",
    State.UNKNOWN: "No answer yet",
    State.DONE: "Done",
    State.CANCELLED: "Cancelled",
}
COUNTED_STATES = (State.PROPOSED, State.ATTENTION, State.FAILED, State.QUEUED, State.UNKNOWN)


# --- the way in -----------------------------------------------------------------------------------------------------


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


# --- an account -----------------------------------------------------------------------------------------------------


@require_GET
@of_account
def overview(request: HttpRequest, membership: Membership) -> HttpResponse:
    account = membership.account
    rows, more = statistics.batches(account)
    context = {
        "needs": statistics.needs(account),
        "batches": rows,
        "more_batches": more,
        "work_per_hour": statistics.work_per_hour(account),
        "money": statistics.money(account),
        "balance_at": account.balance_at,
        "has_hits": bool(rows),
        "endpoint_url": mturk.endpoint_of(account),
        "region": account.region,
    }
    return render(request, "dashboard/overview.html", context)


@require_POST
@of_account
def sync(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Start reading now; the row it makes is the progress bar."""
    run = tasks.start_sync(membership.account, full="full" in request.POST, by=membership.user)
    if request.htmx:  # type: ignore[attr-defined]
        membership.account.refresh_from_db()
        return render(request, "dashboard/sync.html", {"latest_sync": membership.account.latest_sync})
    if run is None:
        messages.info(request, "It is being read already.")
    elif run.error:
        messages.error(request, run.error)
    return redirect(_back(request, reverse("overview", args=[membership.account.slug])))


@require_GET
@of_account
def sync_state(request: HttpRequest, membership: Membership) -> HttpResponse:
    return render(request, "dashboard/sync.html")


def _back(request: HttpRequest, otherwise: str) -> str:
    """Where the person came from, if that was a page of ours."""
    referer = urlsplit(request.headers.get("Referer", ""))
    return referer.path if referer.netloc == request.get_host() and referer.path else otherwise


_ID = re.compile(r"[A-Za-z0-9]{6,64}")


@require_GET
@of_account
def search(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Find an assignment, a HIT or a worker by its id, whatever text was pasted around it."""
    account, text = membership.account, request.GET.get("q", "").strip()[:2000]
    ids = list(dict.fromkeys(word.upper() for word in _ID.findall(text)))[:50]
    queue = reverse("queue", args=[account.slug])
    results = [
        {"kind": "Assignment", "id": row.assignment_id, "words": row.summary,
         "url": reverse("assignment", args=[account.slug, row.assignment_id])}
        for row in Assignment.objects.of(account).filter(assignment_id__in=ids).only("assignment_id", "summary")[:20]
    ]  # fmt: skip
    results += [
        {"kind": "HIT", "id": hit.hit_id, "words": hit.title, "url": f"{queue}?hit={hit.hit_id}&status=all"}
        for hit in HIT.objects.filter(account=account, hit_id__in=ids).select_related("hit_type").defer("question")[:20]
    ]
    workers = Assignment.objects.of(account).filter(worker_id__in=ids).order_by().values("worker_id")
    results += [
        {"kind": "Worker", "id": row["worker_id"], "words": f"{row['count']} answers here",
         "url": f"{queue}?worker={row['worker_id']}&status=all"}
        for row in workers.annotate(count=Count("pk"))[:20]
    ]  # fmt: skip
    if len(results) == 1:
        return redirect(results[0]["url"])
    if not results and text and not any(character.isdigit() for character in text):
        return redirect(f"{queue}?{urlencode({'text': text[:200], 'status': 'all'})}")
    return render(request, "dashboard/search.html", {"search_text": text, "results": results})


# --- activity -------------------------------------------------------------------------------------------------------


@require_GET
@vary_on_headers("HX-Request")
@of_account
def activity(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Every command of the account, newest first."""
    account = membership.account
    rows = Command.objects.filter(account=account).select_related("requested_by", "decided_by")
    state, person = request.GET.get("state", ""), request.GET.get("person", "")
    if state in ACTIVITY_STATES and state:
        rows = rows.filter(state=state)
    if person:
        rows = rows.filter(requested_by__username=person)
    shown = page(rows, request.GET, column="created_at", descending=True)
    for command in shown.items:
        _offer(command, membership)
    open_rows = Command.objects.filter(account=account).order_by()
    chips = [
        {
            "label": label,
            "url": "?" + urlencode({"state": value} if value else {}),
            "on": value == (state if state in ACTIVITY_STATES else ""),
            "count": open_rows.filter(state=value)[: statistics.COUNT_TO].count() if value in COUNTED_STATES else None,
        }
        for value, label in ACTIVITY_STATES.items()
    ]
    filters = [{"label": f"Asked by {person}", "remove_url": "?" + urlencode({"state": state})}] if person else []
    context = {"page": shown, "chips": chips, "active_filters": filters}
    return render(request, "dashboard/activity.html", context)


def _offer(command: Any, membership: Membership) -> None:
    """What this person may do with this command now: the buttons of its row."""
    command.account = membership.account
    mine, approver = command.requested_by_id == membership.user_id, membership.role >= Role.APPROVER
    offers = set()
    if command.state == State.PROPOSED and approver and not mine:
        offers |= {"release", "decline"}
    if command.state in (State.PROPOSED, State.QUEUED) and command.first_sent_at is None and (mine or approver):
        offers.add("undo")
    if command.state == State.FAILED and (mine or approver):
        offers.add("retry")
    if command.state == State.ATTENTION and approver:
        offers |= {"ask", "happened", "not_happened"}
    command.offers = offers if membership.role >= Role.REVIEWER else set()


@require_POST
@of_account
def command_act(request: HttpRequest, membership: Membership, command_id: Any) -> HttpResponse:
    """undo, release, decline, retry, ask, happened, not_happened: answers the row or the workbench it came from."""
    rows = Command.objects.select_related("requested_by", "decided_by", "account")
    command = get_object_or_404(rows, account=membership.account, pk=command_id)
    error = ""
    try:
        _act(command, request.POST.get("action", ""), membership, request.POST.get("reason", ""))
    except Denied as reason:
        error = str(reason)
    came_from, query = request.POST.get("from", ""), QueryDict(request.POST.get("query", "")).urlencode()
    slug = membership.account.slug
    if request.htmx and came_from == "activity":  # type: ignore[attr-defined]
        fresh = rows.get(pk=command.pk)
        _offer(fresh, membership)
        return render(request, "dashboard/activity.html#row", {"command": fresh, "row_error": error})
    if error:
        messages.error(request, error)
    if came_from in ("queue", "workbench") and command.assignment_id:
        # The row and the workbench are drawn by the views of hits; they show what this changed.
        if request.htmx and came_from == "queue":  # type: ignore[attr-defined]
            return hits_views.row(request, membership, command.assignment_id, error)
        url = reverse("assignment", args=[slug, command.assignment_id]) + (f"?{query}" if query else "")
        if request.htmx:  # type: ignore[attr-defined]
            return hits_views.workbench_of(request, membership, command.assignment_id, QueryDict(query), error)
        return redirect(url if came_from == "workbench" else reverse("queue", args=[slug]) + f"?{query}")
    return redirect(_back(request, reverse("activity", args=[slug])))


def _act(command: Command, action: str, membership: Membership, reason: str) -> None:
    if membership.role < Role.REVIEWER:
        raise Denied("You need to be a reviewer of this account to do this.")
    by = membership.user
    if action == "undo":
        commands.cancel(command, by=by)
    elif action == "release":
        commands.release(command, by=by)
    elif action == "decline":
        commands.decline(command, by=by, reason=reason)
    elif action in ("retry", "ask"):
        if command.requested_by_id != by.pk and membership.role < Role.APPROVER:
            raise Denied("You need to be an approver of this account to try again what somebody else asked for.")
        commands.retry(command, by=by)
    elif action in ("happened", "not_happened"):
        if membership.role < Role.APPROVER:
            raise Denied("You need to be an approver of this account to decide this.")
        words = reason or f"{by.get_username()} looked and says so."
        commands.decide(command, by=by, happened=action == "happened", reason=words)
    else:
        raise Denied("This page was out of date. Try again.")


# --- audit ----------------------------------------------------------------------------------------------------------


@require_GET
@of_account
def audit_log(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Who, when, what, why."""
    chain = membership.account.slug
    form = AuditFilter(request.GET or None)
    form.is_valid()
    chosen = {name: value for name, value in getattr(form, "cleaned_data", {}).items() if value}
    rows = AuditEvent.objects.filter(chain=chain, **chosen)
    labels = {"actor": "Who: {}", "kind": "Kind: {}", "subject": "About {}"}
    context = {
        "page": page(rows, request.GET, column="number", descending=True),
        "filter_form": form,
        "active_filters": [
            {
                "label": labels[name].format(value),
                "remove_url": "?" + urlencode({key: other for key, other in chosen.items() if key != name}),
            }
            for name, value in chosen.items()
        ],
        "head": AuditHead.objects.filter(chain=chain).first(),
        "checked": None,
    }
    return render(request, "dashboard/audit.html", context)


# --- settings -------------------------------------------------------------------------------------------------------


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
        pk = request.POST.get("member", "")
        row = account.memberships.select_related("user").filter(pk=pk).first() if pk.isdigit() else None
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
