"""Time and queries of the review queue's pages, as a signed-in reviewer gets them, without a network between."""

import statistics
import time
from collections.abc import Callable, Iterable
from urllib.parse import urlencode

from django.db import connection
from django.http import QueryDict
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dashboard.models import Account, Membership, User
from dashboard.pages import PAGE, cursor_of, ordering
from hits.forms import SORTS, WAITING_SORTS, QueueFilter
from hits.models import Assignment
from hits.views import row
from hits.views.rows import thumbnails
from tests.bench import million, words

DEEP = 5_000  # the page that is as fast as the first, or the last where there are fewer
SAMPLES = 15
STATUSES = ("waiting", "approved", "rejected", "deciding", "all")
#: What is chosen beside an order; of each the slowest of its orders is told.
FILTERS = (
    *("batch={batch}", "hit={hit}", "worker={worker}"),  # a few among all, of whatever order
    *("batch={large}", "worker=A1031", "type=3TYPE1", "deadline=4h", "deadline=24h", "deadline=3d"),
    *("under=30", "over=900", "agreement=1", "agreement=60", "gold=10", "gold=100", "flags=yes", "flags=no"),
    *("proposals=open", "data=unusable", "data=none", "reviewer=reviewer", "field=question3", "field=nothing"),
)
MS, FACTOR, FILTERED_MS, SWAP_MS, SEARCH_MS = 25, 1.5, 1_000, 3, 100  # what was asked


def orders() -> Iterable[str]:
    for status in STATUSES:
        for sort in SORTS:
            if status == "waiting" or sort not in WAITING_SORTS:
                yield f"status={status}&sort={sort}"


def deep_page(account: Account, query: str) -> tuple[str, int]:
    """The address of page 5,000 of a view, or of its last one, and its number; found by counting, which is slow."""
    filters = QueueFilter(QueryDict(query))
    _, column, descending = SORTS[filters.chosen()["sort"]]
    rows = filters.apply(Assignment.objects.of(account))
    number = max(2, min(DEEP, -(-rows.count() // PAGE)))
    before = rows.order_by(*ordering(column, descending=descending)).only(column)[(number - 1) * PAGE - 1]
    return f"?{query}&{urlencode({'after': cursor_of(before, column)})}", number


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


def signed_in(person: User) -> Client:
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def measure(account: Account, reviewer: User, *, repeat: int) -> list[dict]:
    rows, few = account.assignments.count(), million.sprinkle(account)
    print(f"Showing a queue of {rows:,} assignments…", flush=True)
    client, url, times = signed_in(reviewer), reverse("queue", args=[account.slug]), SAMPLES * repeat
    client.get(url)
    lines: list[dict] = [
        {"name": f"queue of {rows:,}: page of {PAGE}", "value": timed(client, url, times), "unit": "ms", "asked": MS},
        {
            "name": "  with answers never shown before",
            "value": timed(client, url, times, thumbnails.clear),
            "unit": "ms",
        },
    ]
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    lines.append({"name": "  queries", "value": len(queries), "unit": "queries"})
    lines.append({"name": "  size", "value": len(response.content) / 1024, "unit": "KiB"})
    for query in orders():
        first = timed(client, f"{url}?{query}", times)
        deep, number = deep_page(account, query)
        line = {"name": f"  ?{query}", "value": first, "unit": "ms", "asked": MS}
        behind = {"name": f"    page {number}", "value": timed(client, url + deep, times), "unit": "ms"}
        behind |= {"ratio": behind["value"] / first, "beside": "its first page", "asked": f"{FACTOR} x"}
        lines += [line, behind]
    for pattern in FILTERS:
        lines.append(slowest(client, url, pattern.format(**few), pattern, max(3, times // 5)))
    return [*lines, *swaps(client, account, times)]


def slowest(client: Client, url: str, chosen: str, pattern: str, times: int) -> dict:
    """The slowest of all orders with a filter, and its name."""
    taken = [(timed(client, f"{url}?{chosen}&{query}", times), query) for query in orders()]
    value, query = max(taken)
    return {"name": f"  {pattern}, slowest: {query}", "value": value, "unit": "ms", "asked": FILTERED_MS}


def swaps(client: Client, account: Account, times: int) -> list[dict]:
    """The row that a decision answers: drawing it, and all of the request, whose transaction goes to the disk."""
    membership = Membership.objects.select_related("account", "user").get(account=account, user__username="reviewer")
    request = RequestFactory().post("/", {"query": ""})
    request.user, request.membership = membership.user, membership  # type: ignore[attr-defined]
    waiting = Assignment.objects.of(account).awaiting_review().oldest_deadline_first()
    chosen = list(waiting.values_list("assignment_id", flat=True)[: times + 1])
    drawn, decided = [], []
    for assignment_id in chosen:
        start = time.perf_counter()
        row(request, membership, assignment_id)
        drawn.append(time.perf_counter() - start)
        url = reverse("decide", args=[account.slug, assignment_id])
        start = time.perf_counter()
        response = client.post(url, {"action": "approve", "from": "queue"}, headers={"HX-Request": "true"})
        decided.append(time.perf_counter() - start)
        assert response.status_code == 200, response.status_code
    return [
        {"name": "  a row swapped", "value": statistics.median(drawn) * 1000, "unit": "ms", "asked": SWAP_MS},
        {"name": "  a decision and its row", "value": statistics.median(decided) * 1000, "unit": "ms"},
    ]


def searches(account: Account, reviewer: User, *, repeat: int) -> list[dict]:
    """The first page of what stands in answers, by how common it is."""
    print("Looking for words…", flush=True)
    words.speak(account)
    client, url, lines = signed_in(reviewer), reverse("queue", args=[account.slug]), []
    for kind, text in words.Vocabulary().sought().items():
        query = urlencode({"text": text})
        found = client.get(f"{url}?{query}").content.count(b"data-row-open")
        line = {"name": f"search “{text}”: {kind}, {found} on the page", "asked": SEARCH_MS}
        lines.append({**line, "value": timed(client, f"{url}?{query}", 3 * repeat), "unit": "ms"})
    return lines
