"""Bulk verdicts: approve or reject every assignment of a selection."""

import uuid
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from dashboard.jobs import Bulk, DryRun, Wish, register
from dashboard.models import OPEN_STATES, Account, Command, User
from dashboard.permissions import Denied, rejection_needs_release
from hits.actions.reasons import check_reason_template, filled
from hits.actions.verdicts import OVERRIDE_WITHIN
from hits.commands import ApproveAssignment, OverrideRejection, RejectAssignment, verdict_key
from hits.models import HIT, Assignment, AssignmentStatus, HITType
from marketplace.policies import asks_for_masters, assignment_fee

VERDICTS = (ApproveAssignment.name, RejectAssignment.name, OverrideRejection.name)


def people_and_rewards(rows: QuerySet[Assignment]) -> DryRun:
    """Count, workers, rewards and fees of assignments: they are gone through once, whatever their number."""
    kinds = ("hit__hit_type", "hit__reward", "hit__max_assignments")
    counts = rows.order_by().values_list("worker_id", *kinds).annotate(rows=Count("pk"))
    workers: set[str] = set()
    alike: Counter[tuple[int, Decimal, int]] = Counter()
    for worker, *kind, count in counts.iterator(chunk_size=2000):
        workers.add(worker)
        alike[tuple(kind)] += count
    asked = HITType.objects.in_bulk({hit_type for hit_type, _, _ in alike})
    found = DryRun(workers=len(workers))
    for (hit_type, reward, most), count in alike.items():
        masters = asks_for_masters(asked[hit_type].qualification_requirements)
        fee = assignment_fee(reward, max_assignments=most, masters=masters)
        found.count += count
        found.amount += reward * count
        found.fee += fee * count
    return found


class BulkVerdict(Bulk):
    options: ClassVar[tuple[str, ...]] = ("feedback",)
    pays: ClassVar[bool] = True

    def select(self, account: Account, selection: dict[str, Any]) -> QuerySet[Assignment]:
        return Assignment.objects.of(account).selected(selection)

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        on_its_way = Command.objects.filter(
            account=OuterRef("account"), assignment_id=OuterRef("assignment_id"), kind__in=VERDICTS,
            state__in=OPEN_STATES,
        )  # fmt: skip
        return [
            (Q(gone_at__isnull=False), "Its HIT no longer exists there."),
            (Q(status=AssignmentStatus.APPROVED), "It is approved already."),
            (Q(status=AssignmentStatus.REJECTED), "It is rejected already."),
            (Q(verdict__isnull=False) | Q(Exists(on_its_way)), "A decision about it is on its way."),
        ]

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        feedback = str(options.get("feedback", ""))
        return {"feedback": check_reason_template(feedback) if feedback.strip() else ""}

    def for_work(self, rows: QuerySet[Assignment]) -> QuerySet[Assignment]:
        return rows.only("assignment_id", "worker_id", "hit")

    def load(self, rows: list[Assignment]) -> None:
        # Many answers, few HITs: each of these is read and made once for all of its own.
        hits = HIT.objects.select_related("hit_type", "batch").defer("raw", "question")
        found = hits.in_bulk({row.hit_id for row in rows})
        for row in rows:
            row.hit = found[row.hit_id]

    def dry_run(self, account: Account, rows: QuerySet[Assignment], options: dict[str, Any]) -> DryRun:
        found = people_and_rewards(rows)
        if not self.pays:
            found.amount = found.fee = Decimal(0)
        return found

    def weigh(self, row: Assignment, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        params = {"AssignmentId": row.assignment_id}
        if options.get("feedback"):
            params["RequesterFeedback"] = filled(options["feedback"], row)
        return Wish(
            params=params,
            amount=row.hit.reward if self.pays else Decimal(0),
            fee=row.hit.fee if self.pays else Decimal(0),
            assignment_id=row.assignment_id,
            hit_id=row.hit.hit_id,
            worker_id=row.worker_id,
            exclusive_key=verdict_key(row.assignment_id),
        )

    def mark(self, made: list[tuple[Assignment, uuid.UUID]]) -> None:
        # bulk_update says the same in a third of all the time that preparing takes.
        key, database = Command._meta.pk.get_db_prep_value, connections[DEFAULT_DB_ALIAS]  # not by the slow proxy
        pairs = [(key(identity, database), row.pk) for row, identity in made]
        table = Assignment._meta.db_table
        with connection.cursor() as cursor:
            if pairs and connection.vendor == "postgresql":
                cursor.execute(
                    f"UPDATE {table} AS mirror SET verdict_id = its.verdict "  # noqa: S608 -- a constant
                    "FROM unnest(%s::uuid[], %s::bigint[]) AS its(verdict, id) WHERE its.id = mirror.id",
                    [*map(list, zip(*pairs, strict=True))],
                )
            else:
                cursor.executemany(f"UPDATE {table} SET verdict_id = %s WHERE id = %s", pairs)  # noqa: S608 -- a constant

    def unmark(self, cancelled: QuerySet[Command]) -> None:
        Assignment.objects.filter(verdict__in=cancelled).update(verdict=None)


@register
class BulkApprove(BulkVerdict):
    name = "approve"
    kind = ApproveAssignment
    words = "Approve"


@register
class BulkReject(BulkVerdict):
    name = "reject"
    kind = RejectAssignment
    words = "Reject"
    pays = False

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        checked = super().check_options(options)
        if not checked["feedback"]:
            raise Denied("Say why: each of the workers reads the reason.")
        return checked

    def needs_release(self, user: User, account: Account, options: dict[str, Any], cost: Decimal) -> bool:
        return rejection_needs_release(user, account)


@register
class BulkOverride(BulkVerdict):
    """Pay what was rejected, after all (api:162)."""

    name = "override"
    kind = OverrideRejection
    words = "Approve, after all,"

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        gone, _, _, moving = super().refusals(options)
        return [
            gone,
            (~Q(status=AssignmentStatus.REJECTED), "It is not rejected."),
            (
                Q(submitted_at__lt=timezone.now() - OVERRIDE_WITHIN),
                "MTurk overrides a rejection only within 30 days of the submission.",
            ),
            moving,
        ]

    def weigh(self, row: Assignment, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        wish = super().weigh(row, options, identity)
        return replace(wish, params={**wish.params, "OverrideRejection": True})
