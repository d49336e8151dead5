"""Time and queries of the table of workers, as a signed-in reviewer gets it, without a network between."""

from urllib.parse import urlencode

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dashboard.models import Account, Membership, Role, User
from dashboard.pages import PAGE, ordering
from tests.bench.million import moment, without_indexes
from tests.bench.queue import timed
from workers.forms.people import WORKER_SORTS
from workers.models import Worker, WorkerTag

DEEP, FACTOR, MS = 5_000, 1.5, 25  # MS and FACTOR are what was asked
SAMPLES = 9
RARE, COMMON = 200, 5  # one of so many carries the tag
FILTERS = (
    "status=soft", "status=blocked", "q=A7", "q=A7B9", "tag=rare", "tag=common", "decided=500", "at_most=50",
    "decided=100&at_most=60", "seen=1d", "seen=not90d", "decided=20&tag=common&seen=30d",
)  # fmt: skip
# What the two databases write differently: an id out of a number, and a moment some seconds before another.
_SCALED = {
    "sqlite": (
        "printf('A%%013X', abs((n.i * 2654435761) %% 4503599627370496))",
        "strftime('%%Y-%%m-%%d %%H:%%M:%%f000', %s, '-' || ({}) || ' seconds')",
    ),
    "postgresql": (
        "'A' || lpad(upper(to_hex((n.i * 2654435761) %% 4503599627370496)), 13, '0')",
        "CAST(%s AS timestamptz) - ({}) * interval '1 second'",
    ),
}


def fill(account: Account, people: int) -> None:
    """Workers with figures that hang together as little as those of a crowd do."""
    worker_id, ago = _SCALED[connection.vendor]
    # A hash of the number: neighbours in one order are none in another.
    mixed = "((n.i * 48271) %% 2147483647)"
    answers, rejected = f"(1 + {mixed} %% 997)", f"({mixed} %% 89)"
    rejected = f"(CASE WHEN {rejected} > {answers} THEN {answers} ELSE {rejected} END)"
    statement = f"""
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)
        INSERT INTO {Worker._meta.db_table} (account_id, worker_id, answers, submitted, approved, rejected, decided,
            approval, first_at, last_at, seconds, timed, took, typical_seconds, gold_sum, gold_count, gold,
            agreement_sum, agreement_count, agreement, bonus_total, bonus_count, note_count, blocked, soft_blocked)
        SELECT %s, {worker_id}, {answers}, 0, {answers} - {rejected}, {rejected}, {answers},
            1000 * ({answers} - {rejected}) / {answers}, {ago.format("10000000")}, {ago.format(f"{mixed} %% 9000000")},
            60, 1, '{{}}', {mixed} %% 600, 0, 0, {mixed} %% 101, 0, 0, {mixed} %% 100, {mixed} %% 50, 0, 0,
            {mixed} %% 1000 = 1, {mixed} %% 300 = 2
        FROM n"""
    moment_now = moment(timezone.now())
    with without_indexes(Worker._meta.db_table), connection.cursor() as cursor:
        cursor.execute(statement, [people, account.pk, moment_now, moment_now])
    with connection.cursor() as cursor:
        for name, one_of in (("rare", people // RARE), ("common", COMMON)):
            cursor.execute(
                f"INSERT INTO {WorkerTag._meta.db_table} (account_id, worker_id, name, made_at) "
                f"SELECT %s, id, %s, %s FROM {Worker._meta.db_table} WHERE account_id = %s AND id %% %s = 0",
                [account.pk, name, moment_now, account.pk, max(1, one_of)],
            )
        if connection.vendor != "sqlite":  # where nobody gathers statistics
            cursor.execute("ANALYZE")


def deep_page(account: Account, sort: str) -> str:
    """The address of page 5,000 of an order, or of its last one; found by counting, which is slow."""
    _, column, descending = WORKER_SORTS[sort]
    rows = Worker.objects.of(account)
    number = min(DEEP, -(-rows.count() // PAGE))
    before = rows.order_by(*ordering(column, descending=descending))[(number - 1) * PAGE - 1 :].values(column, "pk")[0]
    value = before[column]
    cursor = f"{value.isoformat() if hasattr(value, 'isoformat') else value}_{before['pk']}"
    return urlencode({"sort": sort, "after": cursor})


def measure(*, people: int, repeat: int) -> list[dict]:
    account = Account.objects.create(slug="crowd", name="Crowd", endpoint_url="http://127.0.0.1:1")
    print(f"Showing a table of {people:,} workers…", flush=True)
    fill(account, people)
    person = User.objects.create_user("desk")
    Membership.objects.create(account=account, user=person, role=Role.REVIEWER)
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    url, times = reverse("workers", args=[account.slug]), SAMPLES * repeat
    client.get(url)
    lines: list[dict] = [
        {
            "name": f"table of {people:,} workers: page of {PAGE}",
            "value": timed(client, url, times),
            "unit": "ms",
            "asked": MS,
        }
    ]
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    lines.append({"name": "  queries", "value": len(queries), "unit": "queries"})
    for sort in WORKER_SORTS:
        first = timed(client, f"{url}?sort={sort}", times)
        deep = timed(client, f"{url}?{deep_page(account, sort)}", times)
        lines.append({"name": f"  sort={sort}", "value": first, "unit": "ms", "asked": MS})
        line = {
            "name": "    far behind",
            "value": deep,
            "unit": "ms",
            "ratio": deep / first,
            "beside": "its first page",
        }
        lines.append({**line, "asked": f"{FACTOR} x"})
    for query in FILTERS:
        for sort in ("last", "id"):
            value = timed(client, f"{url}?{query}&sort={sort}", times)
            lines.append({"name": f"  {query}, sort={sort}", "value": value, "unit": "ms", "asked": MS})
    return lines
