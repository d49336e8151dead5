"""A table of assignments of any size, written by the database itself and indexed afterwards: a million in minutes.

Everything about them is spread as it is in a desk at work: of ten answers six wait, three are approved and one is
rejected; the newest close last; one in fifty is flagged, judged, scored against gold or named by a rule.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from dashboard.models import Account, Command, Membership, Role, User
from hits.models import HIT, Assignment, Batch, Finding, HITType, Rule
from hits.models.plans import write_plans
from marketplace.documents import Answer, build_answers

PER_HIT, BATCHES, TYPES, WORKERS = 10, 40, 8, 997
FEW = 200  # answers of the HIT, the batch and the worker that are looked for among all, and of what is on its way
PATTERNS = 500
DAYS = 30
_INPUTS = "".join(f'<label>Question {place} <input name="question{place}"></label>' for place in range(11))
FORM = f"""<HTMLQuestion xmlns="http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2011-11-11/HTMLQuestion.xsd">
<HTMLContent><![CDATA[<!DOCTYPE html><html><body><form action="https://www.mturk.com/mturk/externalSubmit">
<input name="assignmentId">{_INPUTS}<input type="submit"></form></body></html>]]></HTMLContent>
<FrameHeight>450</FrameHeight></HTMLQuestion>"""


def plain(number: int) -> str:
    """A document of a plain form with eleven answers."""
    texts = {f"question{place}": f"an answer of a usual length, number {place} {number}" for place in range(11)}
    return build_answers([Answer(name, text) for name, text in texts.items()])


def moment(when: Any) -> Any:
    """A time as a parameter of a statement of ours."""
    sqlite = connection.vendor == "sqlite"
    return connection.ops.adapt_datetimefield_value(when.replace(tzinfo=None) if sqlite else when)


def later(seconds: str) -> str:
    """SQL: the moment given as a parameter, and so many seconds more."""
    if connection.vendor == "sqlite":
        return f"strftime('%%Y-%%m-%%d %%H:%%M:%%f000', %s, ({seconds}) || ' seconds')"
    return f"CAST(%s AS timestamptz) + ({seconds}) * interval '1 second'"


def padded(number: str) -> str:
    """SQL: a number with zeros before it, as long as an id."""
    return f"printf('%%024d', {number})" if connection.vendor == "sqlite" else f"lpad(CAST({number} AS text), 24, '0')"


@contextmanager
def without_indexes(*tables: str) -> Iterator[None]:
    """Writes what is written meanwhile without an index to keep, and makes each of them afterwards in one go."""
    made: list[tuple[str, str]] = []
    with connection.cursor() as cursor:
        for table in tables:
            if connection.vendor == "sqlite":
                cursor.execute(
                    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s AND sql IS NOT NULL",
                    [table],
                )
            else:
                cursor.execute(
                    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN "
                    "(SELECT conname FROM pg_constraint WHERE conrelid = CAST(%s AS regclass))",
                    [table, table],
                )
            made += cursor.fetchall()
        for name, _ in made:
            cursor.execute(f'DROP INDEX "{name}"')
    yield
    with connection.cursor() as cursor:
        for _, statement in made:
            cursor.execute(statement)
    as_served()


def as_served() -> None:
    """The statistics that a database in use has: PostgreSQL's own, of SQLite those we write. SQLite reads them when it
    is opened."""
    if connection.vendor == "sqlite":
        write_plans()
        return connection.close()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return None


def desk(rows: int) -> tuple[Account, User]:
    """The account with `rows` assignments (a multiple of PER_HIT), and a reviewer of it."""
    account = Account.objects.create(slug="queue", name="Queue", endpoint_url="http://127.0.0.1:1")
    reviewer = User.objects.create_user("reviewer")
    Membership.objects.create(account=account, user=reviewer, role=Role.REVIEWER)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size = -400000")  # for the building alone
    with without_indexes(HIT._meta.db_table, Assignment._meta.db_table), transaction.atomic():
        _hits(account, rows // PER_HIT)
        _assignments(account, rows, reviewer)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size = -2000")
    _on_its_way(account, reviewer)
    _findings(account, reviewer)
    return account, reviewer


def _hits(account: Account, count: int) -> None:
    kinds = HITType.objects.bulk_create(
        HITType(account=account, hit_type_id=f"3TYPE{number}", title=f"Task {number}", reward="0.05")
        for number in range(TYPES)
    )
    batches = Batch.objects.bulk_create(
        Batch(account=account, key=f"batch:{number}", name=f"Batch {number}") for number in range(BATCHES)
    )
    model = HIT(
        account=account, hit_type=kinds[0], batch=batches[0], question=FORM, status="Reviewable", reward="0.05",
        max_assignments=PER_HIT, created_at=timezone.now() - timedelta(days=DAYS + 1), stale=False,
    )  # fmt: skip
    names = [field.column for field in HIT._meta.concrete_fields if field.column not in ("id", "hit_id")]
    values = ", ".join(
        {"hit_type_id": f"hit_type_id + n.i %% {TYPES}", "batch_id": f"batch_id + n.i %% {BATCHES}"}.get(name, name)
        for name in names
    )
    model.hit_id = "3MODEL"
    model.save()
    columns = ", ".join(names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %s)
            INSERT INTO {HIT._meta.db_table} (hit_id, {columns})
            SELECT '3HIT' || {padded("n.i")}, {values} FROM n, {HIT._meta.db_table} WHERE id = %s""",
            [count, model.pk],
        )


def _assignments(account: Account, rows: int, reviewer: User) -> None:
    every = DAYS * 86_400 / rows  # seconds from one to the next
    mixed = "((CAST(n.i AS bigint) * 2654435761) %% 2147483647)"
    decided = "(n.i %% 10 >= 6)"
    submitted, taking = f"n.i * {every:.6f}", f"(20 + {mixed} %% 900)"
    closes = f"{submitted} + {DAYS * 86_400} + (n.i / {PER_HIT} %% 7) * 43200"
    columns = {
        "account_id": "h.account_id", "hit_id": "h.id", "batch_id": "h.batch_id",
        "assignment_id": f"'3BENCH' || {padded('n.i')}",
        "worker_id": f"'A' || (1000 + n.i * 31 %% {WORKERS})",
        "status": "CASE WHEN n.i %% 10 < 6 THEN 'Submitted' WHEN n.i %% 10 < 9 THEN 'Approved' ELSE 'Rejected' END",
        "accepted_at": later(f"{submitted} - {taking}"), "submitted_at": later(submitted),
        "auto_approval_at": later(closes),
        "feedback": "''", "answer": "p.answer || '<!-- ' || n.i || ' -->'", "raw": "'{{}}'", "corrected": "NULL",
        "data_verdict": "CASE WHEN n.i %% 159 = 7 THEN 'unusable' WHEN n.i %% 53 = 7 THEN 'usable' ELSE '' END",
        "flagged": "n.i %% 59 = 11", "gold_score": "CASE WHEN n.i %% 61 = 13 THEN n.i %% 5 * 25 END",
        "reviewer_id": f"CASE WHEN {decided} OR n.i %% 9973 = 5 THEN {reviewer.pk} END",
        "handed_until": f"CASE WHEN n.i %% 9973 = 5 AND NOT {decided} THEN {later('86400 * 365')} END",
        "fresh": "false", "counted": "''", "agreement": f"CASE WHEN {mixed} %% 4 = 0 THEN 101 ELSE {mixed} %% 101 END",
        "shuffled": mixed,
    }  # fmt: skip
    table, hits = Assignment._meta.db_table, HIT._meta.db_table
    values = ", ".join(columns.values())
    began = moment(timezone.now() - timedelta(days=DAYS))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE bench_pattern (place integer PRIMARY KEY, answer text)")
        cursor.executemany(
            "INSERT INTO bench_pattern VALUES (%s, %s)", [(number, plain(number)) for number in range(PATTERNS)]
        )
        cursor.execute(f"SELECT min(id) FROM {hits} WHERE account_id = %s", [account.pk])
        (first,) = cursor.fetchone()
        cursor.execute(
            f"""WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %s)
            INSERT INTO {table} ({", ".join(columns)})
            SELECT {values} FROM n
            JOIN {hits} AS h ON h.id = {first} + n.i / {PER_HIT}
            JOIN bench_pattern AS p ON p.place = n.i %% {PATTERNS}""".replace("'{{}}'", "'{}'"),
            [rows, *([began] * values.count("%s"))],
        )
        cursor.execute("DROP TABLE bench_pattern")


def _on_its_way(account: Account, reviewer: User) -> None:
    """FEW verdicts that wait for their delivery."""
    waiting = Assignment.objects.of(account).awaiting_review().order_by("pk")
    keys = list(waiting.values_list("pk", flat=True))
    rows = Assignment.objects.filter(pk__in=keys[:: max(1, len(keys) // FEW)][:FEW]).only("assignment_id", "worker_id")
    for row in rows:
        row.verdict = Command.objects.create(
            account=account, kind="ApproveAssignment", params={"AssignmentId": row.assignment_id},
            assignment_id=row.assignment_id, worker_id=row.worker_id, requested_by=reviewer,
            not_before=timezone.now() + timedelta(days=1),
        )  # fmt: skip
    Assignment.objects.bulk_update(rows, ["verdict"])


def _findings(account: Account, reviewer: User) -> None:
    """A proposal of a rule for one answer in fifty of those that wait."""
    batch = Batch.objects.filter(account=account).order_by("pk")[0]
    rule = Rule.objects.create(account=account, batch=batch, look="time", made_by=reviewer)
    columns = "account_id, rule_id, assignment_id, evidence, state, note, due, found_at"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Finding._meta.db_table} ({columns}) SELECT account_id, %s, id, 'It took a second.', "
            f"'proposed', '', false, %s FROM {Assignment._meta.db_table} "
            "WHERE account_id = %s AND status = 'Submitted' AND id %% 31 = 3",
            [rule.pk, moment(timezone.now()), account.pk],
        )
    as_served()


def sprinkle(account: Account) -> dict[str, str | int]:
    """Give FEW answers, evenly among all, a HIT, a batch and a worker of their own; returns their names."""
    model = HIT.objects.filter(account=account).order_by("pk")[0]
    batch = Batch.objects.create(account=account, key="batch:few", name="Few")
    hit = HIT.objects.create(
        account=account, batch=batch, hit_type_id=model.hit_type_id, hit_id="3FEWAMONGMANY", question=model.question,
        status="Reviewable", reward=model.reward, max_assignments=FEW, created_at=model.created_at,
    )  # fmt: skip
    keys = list(Assignment.objects.filter(account=account).order_by("pk").values_list("pk", flat=True))
    # Of every state, and none of those that are on their way.
    chosen = [key + 1 + key // 5 % 9 for key in keys[:: max(1, len(keys) // FEW)][:FEW]]
    Assignment.objects.filter(pk__in=chosen).update(hit=hit, batch=batch, worker_id="AFEWAMONGMANY")
    return {"batch": batch.pk, "hit": hit.hit_id, "worker": "AFEWAMONGMANY", "large": model.batch_id}
