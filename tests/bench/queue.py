"""Time and queries of the review queue's pages, as a signed-in reviewer gets them, without a network between."""

import statistics
import time
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment, teardown_test_environment
from django.urls import reverse
from django.utils import timezone

from dashboard.models import Account, Membership, Role, User
from hits.models import HIT, Assignment

PAGES = 60  # how deep the deep page lies
SAMPLES = 15


def fill(account: Account, rows: int) -> None:
    """Multiply what the sync brought until `rows` assignments wait."""
    patterns = list(Assignment.objects.filter(account=account)[:500])
    hit_ids = list(HIT.objects.filter(account=account).values_list("pk", flat=True))
    now = timezone.now()
    there = Assignment.objects.filter(account=account).count()
    new = []
    for number in range(max(0, rows - there)):
        pattern = patterns[number % len(patterns)]
        new.append(
            Assignment(
                account=account,
                hit_id=hit_ids[number % len(hit_ids)],
                assignment_id=f"3BENCH{number:024d}",
                worker_id=pattern.worker_id,
                status=pattern.status,
                accepted_at=now - timedelta(minutes=9),
                submitted_at=now - timedelta(seconds=number % 300),
                auto_approval_at=now + timedelta(days=1, seconds=number),
                answer=pattern.answer,
                raw=pattern.raw,
                synced_at=now,
            )
        )
    Assignment.objects.bulk_create(new, batch_size=500)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def measure(*, rows: int, repeat: int) -> list[dict]:
    account = Account.objects.get(slug="bench")
    print(f"Showing a queue of {rows} assignments…", flush=True)
    fill(account, rows)
    reviewer = User.objects.create_user("reviewer")
    Membership.objects.create(account=account, user=reviewer, role=Role.REVIEWER)
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(reviewer, backend="allauth.account.auth_backends.AuthenticationBackend")

    first = reverse("queue", args=[account.slug])
    address = first
    setup_test_environment()  # only this shows a page's context, and it would slow the pages that are timed
    for _ in range(PAGES):
        response = client.get(address)
        assert response.status_code == 200, response.status_code
        older = response.context["page"].older_url
        if not older:
            break
        address = older if older.startswith("/") else first + older
    teardown_test_environment()
    assert address != first, f"{rows} rows fit on one page"
    lines = []
    for name, url in ((f"queue of {rows}, first page", first), (f"queue of {rows}, page {PAGES + 1}", address)):
        taken = []
        for _ in range(SAMPLES * repeat):
            start = time.perf_counter()
            response = client.get(url)
            taken.append(time.perf_counter() - start)
            assert response.status_code == 200
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        lines += [
            {"name": name, "value": statistics.median(taken) * 1000, "unit": "ms"},
            {"name": name, "value": len(queries), "unit": "queries"},
            {"name": name, "value": len(response.content) / 1024, "unit": "KiB"},
        ]
    lines[3]["ratio"], lines[3]["beside"] = lines[3]["value"] / lines[0]["value"], "the first page"
    return lines
