"""Overview, sync and search of one account."""

import re
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard import mturk, statistics, tasks
from dashboard.access import back_to, of_account
from dashboard.models import Credentials, Environment, Membership
from dashboard.permissions import Denied
from hits.models import HIT, Assignment


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
        # HITs belong to a key: a script with another one would publish where this account does not look.
        "access_key_id": account.access_key_id if account.credentials == Credentials.KEYS else "",
        "any_secret": account.environment == Environment.MARKETPLACE and not account.endpoint_url,
    }
    return render(request, "dashboard/overview.html", context)


@require_POST
@of_account
def sync(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Start reading now; the row it makes is the progress bar."""
    try:
        run = tasks.start_sync(membership.account, full="full" in request.POST, by=membership.user)
    except Denied as reason:
        messages.error(request, str(reason))
        return redirect(back_to(request, reverse("overview", args=[membership.account.slug])))
    if request.htmx:  # type: ignore[attr-defined]
        membership.account.refresh_from_db()
        return render(request, "dashboard/sync.html", {"latest_sync": membership.account.latest_sync})
    if run is None:
        messages.info(request, "It is being read already.")
    elif run.error:
        messages.error(request, run.error)
    return redirect(back_to(request, reverse("overview", args=[membership.account.slug])))


@require_GET
@of_account
def sync_state(request: HttpRequest, membership: Membership) -> HttpResponse:
    return render(request, "dashboard/sync.html")


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
        for row in Assignment.objects.of(account).filter(assignment_id__in=ids).only("assignment_id", "answer")[:20]
    ]  # fmt: skip
    results += [
        {"kind": "HIT", "id": hit.hit_id, "words": hit.title, "url": reverse("hit", args=[account.slug, hit.hit_id])}
        for hit in HIT.objects.filter(account=account, hit_id__in=ids).select_related("hit_type").defer("question")[:20]
    ]
    workers = Assignment.objects.of(account).filter(worker_id__in=ids).order_by().values("worker_id")
    results += [
        {"kind": "Worker", "id": row["worker_id"], "words": f"{row['count']} answers here",
         "url": reverse("worker", args=[account.slug, row["worker_id"]])}
        for row in workers.annotate(count=Count("pk"))[:20]
    ]  # fmt: skip
    if len(results) == 1:
        return redirect(results[0]["url"])
    if not results and text and not any(character.isdigit() for character in text):
        return redirect(f"{queue}?{urlencode({'text': text[:200], 'status': 'all'})}")
    return render(request, "dashboard/search.html", {"search_text": text, "results": results})
