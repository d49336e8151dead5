"""Bulk decisions about requests: each with the score of our key, or all with one value."""

import uuid
from typing import Any, ClassVar

from django.db.models import Q, QuerySet

from dashboard.jobs import Bulk, DryRun, Wish, register
from dashboard.models import Account, Command
from dashboard.permissions import Denied, check_text_for_worker
from qualifications.actions.requests import check_value, note_of
from qualifications.commands.requests import AcceptQualificationRequest, RejectQualificationRequest, request_key
from qualifications.models import QualificationRequest, RequestState


class BulkRequests(Bulk):
    about = "requests"

    def select(self, account: Account, selection: dict[str, Any]) -> QuerySet[QualificationRequest]:
        return QualificationRequest.objects.of(account).selected(selection)

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        return [
            (Q(decision__isnull=False), "Somebody decided it a moment ago."),
            (~Q(state=RequestState.PENDING), "It is decided already."),
        ]

    def for_work(self, rows: QuerySet[QualificationRequest]) -> QuerySet[QualificationRequest]:
        return rows.select_related("qualification_type").defer("answer", "test", "raw")

    def dry_run(self, account: Account, rows: QuerySet[Any], options: dict[str, Any]) -> DryRun:
        return DryRun(count=rows.order_by().count(), workers=rows.order_by().values("worker_id").distinct().count())

    def wish(self, row: QualificationRequest, **params: Any) -> Wish:
        return Wish(
            params={"QualificationRequestId": row.request_id, **params},
            worker_id=row.worker_id,
            exclusive_key=request_key(row.qualification_type.qualification_type_id, row.request_id),
            note=note_of(row, str(params.get("Reason", ""))),
        )

    def mark(self, made: list[tuple[QualificationRequest, uuid.UUID]]) -> None:
        for row, identity in made:
            row.decision_id = identity
        QualificationRequest.objects.bulk_update([row for row, _ in made], ["decision"], batch_size=500)

    def unmark(self, cancelled: QuerySet[Command]) -> None:
        QualificationRequest.objects.filter(decision__in=cancelled).update(decision=None)


@register
class BulkAccept(BulkRequests):
    """`value` is a whole number for all, or "score": what our key makes of each one's answers."""

    name = "accept-requests"
    kind = AcceptQualificationRequest
    words = "Accept"
    options: ClassVar[tuple[str, ...]] = ("value",)

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        said = str(options.get("value", "score")).strip()
        if said == "score":
            return {"value": "score"}
        try:
            return {"value": check_value(int(said[:20]))}
        except ValueError:
            raise Denied("Say with which value: a whole number, or each one's own score.") from None

    def refusals(self, options: dict[str, Any]) -> list[tuple[Q, str]]:
        found = super().refusals(options)
        if options.get("value", "score") == "score":
            found.append((Q(score=None), "It has no score: there is no key for it. Give a value."))
        return found

    def weigh(self, row: QualificationRequest, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        value = row.score if options["value"] == "score" else options["value"]
        return self.wish(row, IntegerValue=check_value(value))


@register
class BulkReject(BulkRequests):
    name = "reject-requests"
    kind = RejectQualificationRequest
    words = "Reject"
    options: ClassVar[tuple[str, ...]] = ("reason",)

    def check_options(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"reason": check_text_for_worker(str(options.get("reason", "")))}

    def weigh(self, row: QualificationRequest, options: dict[str, Any], identity: uuid.UUID) -> Wish:
        return self.wish(row, **({"Reason": options["reason"]} if options["reason"] else {}))
