"""Giving a qualification to a worker, and taking it away."""

from typing import Any

from django.utils import timezone

from dashboard import mturk
from dashboard.commands import Kind, Outcome, register
from dashboard.models import Command, State
from qualifications.models import Panel, PanelDue, PanelMember, PanelState, QualificationType, Score, ScoreStatus

_NOT_HELD = ("InvalidQualificationState", "QualificationDoesNotExist")


class _OfWorker(Kind):
    """Both leave a state that GetQualificationScore tells, so that a repeat does no harm."""

    def _held(self, command: Command) -> tuple[dict[str, Any] | None, str]:
        """The worker's qualification, None without it; and the request's id. Permanent where nobody can have it."""
        asked = {"QualificationTypeId": command.params["QualificationTypeId"], "WorkerId": command.worker_id}
        try:
            response, request_id = mturk.call(command.account, "GetQualificationScore", asked, write=False)
        except mturk.Permanent as error:
            if error.code.endswith(_NOT_HELD):
                return None, error.request_id
            raise
        held = response.get("Qualification") or {}
        return (held if held.get("Status", ScoreStatus.GRANTED) == ScoreStatus.GRANTED else None), request_id

    def ask(self, command: Command) -> Outcome:
        try:
            held, request_id = self._held(command)
        except mturk.Permanent as error:
            return Outcome(State.FAILED, code=error.code, message=error.message, request_id=error.request_id)
        return Outcome(State.DONE if self._is_done(command, held) else State.QUEUED, request_id=request_id)

    def _is_done(self, command: Command, held: dict[str, Any] | None) -> bool:
        raise NotImplementedError

    def settle(self, command: Command) -> None:
        self.settle_many([command])

    def settle_many(self, commands: list[Command]) -> None:
        account, now = commands[0].account, timezone.now()
        by_type: dict[str, dict[str, int]] = {}
        for command in commands:
            values = by_type.setdefault(command.params["QualificationTypeId"], {})
            values[command.worker_id] = command.params.get("IntegerValue", 1)
        types = QualificationType.objects.of(account).filter(qualification_type_id__in=by_type)
        for kind in types.only("pk", "account_id", "qualification_type_id"):
            self._write(kind, by_type[kind.qualification_type_id], now)
        members = PanelMember.objects.filter(command__in=[command.pk for command in commands])
        members.update(command=None, held=self.becomes == ScoreStatus.GRANTED, problem="")
        _look_again(account.pk, {command.worker_id for command in commands}, set(by_type))

    becomes: ScoreStatus

    def _write(self, kind: QualificationType, values: dict[str, int], now: Any) -> None:
        raise NotImplementedError

    def give_up(self, command: Command) -> None:
        why = command.error_message if command.state == State.FAILED else "It was taken back before it was sent."
        PanelMember.objects.filter(command=command).update(command=None, problem=why[:400])

    def subject(self, command: Command) -> str:
        return command.worker_id


@register
class AssociateQualificationWithWorker(_OfWorker):
    """The worker has it with this value from now on (api:183). Giving the same again changes nothing."""

    name = "AssociateQualificationWithWorker"
    operation = "AssociateQualificationWithWorker"
    verb = "grant a qualification to"
    becomes = ScoreStatus.GRANTED

    def _is_done(self, command: Command, held: dict[str, Any] | None) -> bool:
        return held is not None and held.get("IntegerValue", 1) == command.params.get("IntegerValue", 1)

    def _write(self, kind: QualificationType, values: dict[str, int], now: Any) -> None:
        Score.objects.write(kind, values, status=ScoreStatus.GRANTED, at=now)


@register
class DisassociateQualificationFromWorker(_OfWorker):
    """The worker has it no more, and is told so only where there is a reason (api:1043)."""

    name = "DisassociateQualificationFromWorker"
    operation = "DisassociateQualificationFromWorker"
    verb = "take a qualification from"
    becomes = ScoreStatus.REVOKED

    def already_done(self, error: mturk.MTurkError) -> bool:
        return error.code.endswith(_NOT_HELD)

    def _is_done(self, command: Command, held: dict[str, Any] | None) -> bool:
        return held is None

    def _write(self, kind: QualificationType, values: dict[str, int], now: Any) -> None:
        rows = Score.objects.filter(qualification_type=kind, worker_id__in=values)
        rows.update(status=ScoreStatus.REVOKED, synced_at=now)


def _look_again(account_id: int, workers: set[str], type_ids: set[str]) -> None:
    """Panels that ask for one of these types look at these workers anew."""
    conditions = Panel.objects.filter(account=account_id).exclude(state__in=[PanelState.GONE, PanelState.DELETING])
    asked = {
        condition.get("type")
        for panel in conditions.values_list("conditions", flat=True)
        for condition in panel
        if isinstance(condition, dict)
    }
    if asked & type_ids:
        PanelDue.objects.bulk_create(
            [PanelDue(account_id=account_id, worker_id=worker) for worker in sorted(workers)], ignore_conflicts=True
        )
