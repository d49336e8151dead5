"""Time and queries of the review queue's pages, as a signed-in reviewer gets them, without a network between."""

import statistics
import time
from collections.abc import Callable
from urllib.parse import urlencode

from django.db import connection
from django.http import QueryDict
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dashboard.models import Account, Membership, Role, User
from dashboard.pages import PAGE, cursor_of, ordering
from hits.forms import SORTS, QueueFilter
from hits.models import HIT, Assignment, Batch
from hits.views import row
from hits.views.rows import thumbnails
from tests.bench import words

DEEP = 5_000  # the page that is as fast as the first, or the last where there are fewer
SAMPLES = 15
VIEWS = (
    *("", "sort=newest", "sort=oldest", "status=approved&sort=newest", "status=rejected", "status=all&sort=oldest"),
    *("sort=disagreement", "sort=worker", "sort=random"),
)
FEW = 200  # answers of the batch, the HIT and the worker that are looked for among all
SPARSE = ("batch={batch}", "hit={hit}", "worker={worker}")
# What the two databases write differently: a moment some seconds after another, and a number with leading zeros.
WRITTEN = {
    "sqlite": ("strftime('%%Y-%%m-%%d %%H:%%M:%%f000', %s, '+' || ({}) || ' seconds')", "printf('%%024d', n.i)"),
    "postgresql": ("CAST(%s AS timestamptz) + ({}) * interval '1 second'", "lpad(CAST(n.i AS text), 24, '0')"),
}


def fill(account: Account, rows: int) -> None:
    """Multiply what the sync brought until there are `rows` assignments, six of ten of them waiting."""
    now, table = timezone.now(), Assignment._meta.db_table
    missing = rows - Assignment.objects.filter(account=account).count()
    later, padded = WRITTEN[connection.vendor]
    statement = f"""
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %s),
        pattern AS (
            SELECT row_number() OVER (ORDER BY id) - 1 AS place, hit_id, batch_id, accepted_at, answer
            FROM (SELECT * FROM {table} WHERE account_id = %s ORDER BY id LIMIT 500) AS first
        )
        INSERT INTO {table} (account_id, hit_id, batch_id, assignment_id, worker_id, status, accepted_at,
            submitted_at, auto_approval_at, feedback, answer, raw, data_verdict, flagged, fresh, counted, agreement,
            shuffled)
        SELECT %s, p.hit_id, p.batch_id, '3BENCH' || {padded}, 'A' || (n.i %% 997),
            CASE WHEN n.i %% 10 < 6 THEN 'Submitted' WHEN n.i %% 10 < 9 THEN 'Approved' ELSE 'Rejected' END,
            p.accepted_at, {later.format("n.i %% 86400")},
            {later.format("86400 + n.i")}, '', p.answer || '<!-- ' || n.i || ' -->', '{{}}', '', false,
            false, '', (n.i * 7919) %% 102, (CAST(n.i AS bigint) * 2654435761) %% 2147483647
        FROM n JOIN pattern AS p ON p.place = n.i %% (SELECT count(*) FROM pattern)"""
    moment = connection.ops.adapt_datetimefield_value(
        now.replace(tzinfo=None) if connection.vendor == "sqlite" else now
    )
    if missing > 0:
        with connection.cursor() as cursor:
            cursor.execute(statement, [missing, account.pk, account.pk, moment, moment])
            cursor.execute("ANALYZE")
    # Of what the digest has not read yet there is never much; here nothing is left.
    Assignment.objects.of(account).update(fresh=False)


def sprinkle(account: Account) -> dict[str, str | int]:
    """Give FEW answers, evenly among all, a HIT, a batch and a worker of their own; returns their names."""
    model = HIT.objects.filter(account=account).order_by("pk")[0]
    batch = Batch.objects.create(account=account, key="batch:few", name="Few")
    hit = HIT.objects.create(
        account=account, batch=batch, hit_type_id=model.hit_type_id, hit_id="3FEWAMONGMANY", question=model.question,
        status="Reviewable", reward=model.reward, max_assignments=FEW, created_at=model.created_at,
    )  # fmt: skip
    keys = list(Assignment.objects.filter(account=account).order_by("pk").values_list("pk", flat=True))
    chosen = keys[:: max(1, len(keys) // FEW)][:FEW]
    Assignment.objects.filter(pk__in=chosen).update(hit=hit, batch=batch, worker_id="AFEWAMONGMANY")
    return {"batch": batch.pk, "hit": hit.hit_id, "worker": "AFEWAMONGMANY"}


def deep_page(account: Account, query: str) -> tuple[str, int]:
    """The address of page 5,000 of a view, or of its last one, and its number; found by counting, which is slow."""
    filters = QueueFilter(QueryDict(query))
    _, column, descending = SORTS[filters.chosen()["sort"]]
    rows = filters.apply(Assignment.objects.of(account))
    number = min(DEEP, -(-rows.count() // PAGE))
    before = rows.order_by(*ordering(column, descending=descending)).only(column)[(number - 1) * PAGE - 1]
    return f"?{query}{'&' if query else ''}{urlencode({'after': cursor_of(before, column)})}", number


def timed(client: Client, url: str, times: int, prepare: Callable[[], object] = lambda: None) -> float:
    """The median of `times` answers, in milliseconds."""
    taken = []
    for _ in range(times):
        prepare()
        start = time.perf_counter()
        response = client.get(url)
        taken.append(time.perf_counter() - start)
        assert response.status_code == 200, response.status_code
    return statistics.median(taken) * 1000


def measure(*, rows: int, repeat: int) -> list[dict]:
    account = Account.objects.get(slug="bench")
    print(f"Showing a queue of {rows} assignments…", flush=True)
    fill(account, rows)
    reviewer = User.objects.create_user("reviewer")
    Membership.objects.create(account=account, user=reviewer, role=Role.REVIEWER)
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(reviewer, backend="allauth.account.auth_backends.AuthenticationBackend")
    url, times = reverse("queue", args=[account.slug]), SAMPLES * repeat
    client.get(url)
    lines: list[dict] = [
        {"name": f"queue of {rows}: page of {PAGE}", "value": timed(client, url, times), "unit": "ms"},
        {"name": "  with answers never shown before", "value": timed(client, url, times, forget), "unit": "ms"},
    ]
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    lines.append({"name": "  queries", "value": len(queries), "unit": "queries"})
    lines.append({"name": "  size", "value": len(response.content) / 1024, "unit": "KiB"})
    lines.append({"name": "  one row again after a click", "value": row_time(client, account, times), "unit": "ms"})
    for query in VIEWS:
        deep, number = deep_page(account, query)
        first = timed(client, f"{url}?{query}", times)
        line = {"name": f"  page {number} of ?{query}", "value": timed(client, url + deep, times), "unit": "ms"}
        lines.append({**line, "ratio": line["value"] / first, "beside": "its first page"})
    few = sprinkle(account)
    for pattern in SPARSE:
        for status in ("waiting", "all"):
            for sort in SORTS:
                query = f"{pattern.format(**few)}&status={status}&sort={sort}"
                name = f"  {FEW} of ?{pattern.split('=')[0]}, {status}, {sort}"
                lines.append({"name": name, "value": timed(client, f"{url}?{query}", times), "unit": "ms"})
    return [*lines, *searches(client, account, url, times)]


def searches(client: Client, account: Account, url: str, times: int) -> list[dict]:
    """The first page of what stands in answers, by how common it is."""
    words.speak(account)
    lines = []
    for kind, text in words.Vocabulary().sought().items():
        query = urlencode({"text": text})
        found = client.get(f"{url}?{query}").content.count(b"data-row-open")
        taken = timed(client, f"{url}?{query}", times)
        lines.append({"name": f"  search “{text}”: {kind}, {found} on the page", "value": taken, "unit": "ms"})
    return lines


def forget() -> None:
    """Make the process forget the thumbnails it drew."""
    thumbnails.clear()


def row_time(client: Client, account: Account, times: int) -> float:
    """How long drawing one row takes, as every decision in the queue does."""
    membership = Membership.objects.select_related("account", "user").get(account=account, user__username="reviewer")
    request = RequestFactory().post("/", {"query": ""})
    request.user, request.membership = membership.user, membership  # type: ignore[attr-defined]
    chosen = Assignment.objects.of(account).awaiting_review().oldest_deadline_first()[0].assignment_id
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        row(request, membership, chosen)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000
