"""The writes that decide a request for a qualification: accept, reject."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from dashboard import mturk
from dashboard.commands import Kind, Outcome, register
from dashboard.models import Command, State
from qualifications.models import QualificationRequest, RequestState, Score, ScoreStatus

_NO_REQUEST = "AWS.MechanicalTurk.QualificationRequestDoesNotExist"
_WRONG_STATE = "AWS.MechanicalTurk.InvalidQualificationRequestState"
_CLOCKS_APART = timedelta(minutes=10)
_ELSEWHERE = "The request is not open any more: somebody decided it elsewhere, or its qualification type is gone."


def request_key(type_id: str, request_id: str) -> str:
    """One decision about a request may be open at a time. The type stands in it for whoever asks MTurk about it."""
    return f"asked:{type_id}:{request_id}"[:120]


def _type_of(command: Command) -> str:
    return command.exclusive_key.split(":")[1]


def _held(command: Command) -> tuple[dict[str, Any], str]:
    """The worker's Qualification of that type, and the request's id; Permanent where there is none."""
    answer, request_id = mturk.call(
        command.account,
        "GetQualificationScore",
        {"QualificationTypeId": _type_of(command), "WorkerId": command.worker_id},
        write=False,
    )
    return answer.get("Qualification") or {}, request_id


class RequestDecision(Kind):
    """What both decisions have in common: a request can be decided once, and only open ones are listed."""

    def already_done(self, error: mturk.MTurkError) -> bool:
        return error.code in (_NO_REQUEST, _WRONG_STATE)

    def _request(self, command: Command) -> Any:
        return QualificationRequest.objects.filter(
            account=command.account_id, request_id=command.params["QualificationRequestId"]
        )

    def ask(self, command: Command) -> Outcome:
        wanted = command.params["QualificationRequestId"]
        for page in mturk.pages(
            command.account, "ListQualificationRequests", {"QualificationTypeId": _type_of(command)}
        ):
            for row in page.get("QualificationRequests") or []:
                if row.get("QualificationRequestId") == wanted:
                    return Outcome(State.QUEUED)
        return self.no_longer_listed(command)

    def no_longer_listed(self, command: Command) -> Outcome:
        raise NotImplementedError

    def settle(self, command: Command) -> None:
        self.settle_many([command])

    def give_up(self, command: Command) -> None:
        rows = self._request(command).filter(decision=command)
        if command.state == State.FAILED and command.error_code in (_NO_REQUEST, _WRONG_STATE):
            rows.update(state=RequestState.GONE, decided_at=timezone.now(), decision=None)
        else:
            rows.update(decision=None)

    def subject(self, command: Command) -> str:
        return command.worker_id


@register
class AcceptQualificationRequest(RequestDecision):
    """The worker has the qualification, with the value given (api:78)."""

    name = "AcceptQualificationRequest"
    operation = "AcceptQualificationRequest"
    verb = "accept"

    def no_longer_listed(self, command: Command) -> Outcome:
        """The worker's score tells whether it was this acceptance: another value, or none, was somebody else's."""
        try:
            held, request_id = _held(command)
        except mturk.Permanent as error:
            return Outcome(State.FAILED, code=_WRONG_STATE, message=_ELSEWHERE, request_id=error.request_id)
        wanted = command.params.get("IntegerValue", 1)
        if held.get("Status") == "Granted" and held.get("IntegerValue", 1) == wanted:
            return Outcome(State.DONE, request_id=request_id)
        return Outcome(State.FAILED, code=_WRONG_STATE, message=_ELSEWHERE, request_id=request_id)

    def settle_many(self, commands: list[Command]) -> None:
        now = timezone.now()
        by_value: dict[int, list[str]] = {}
        for command in commands:
            value = command.params.get("IntegerValue", 1)
            by_value.setdefault(value, []).append(command.params["QualificationRequestId"])
        rows = QualificationRequest.objects.filter(account=commands[0].account_id)
        for value, ids in by_value.items():
            these = rows.filter(request_id__in=ids)
            asked = list(these.select_related("qualification_type").only("worker_id", "qualification_type"))
            for kind in {row.qualification_type for row in asked}:
                workers = {row.worker_id: value for row in asked if row.qualification_type_id == kind.pk}
                Score.objects.write(kind, workers, status=ScoreStatus.GRANTED, at=now)
            these.update(state=RequestState.GRANTED, value=value, decided_at=now, decision=None)


@register
class RejectQualificationRequest(RequestDecision):
    """The worker does not get it, and reads the reason where there is one (api:1826)."""

    name = "RejectQualificationRequest"
    operation = "RejectQualificationRequest"
    verb = "reject"

    def no_longer_listed(self, command: Command) -> Outcome:
        # Neither listed nor granted since is what a rejection leaves behind.
        try:
            held, request_id = _held(command)
        except mturk.Permanent as error:
            return Outcome(State.DONE, request_id=error.request_id)
        granted = held.get("GrantTime")
        since = (command.first_sent_at or command.created_at) - _CLOCKS_APART
        if held.get("Status") == "Granted" and isinstance(granted, datetime) and granted >= since:
            return Outcome(State.FAILED, code=_WRONG_STATE, message=_ELSEWHERE, request_id=request_id)
        return Outcome(State.DONE, request_id=request_id)

    def settle_many(self, commands: list[Command]) -> None:
        now = timezone.now()
        by_reason: dict[str, list[str]] = {}
        for command in commands:
            reason = command.params.get("Reason", "")
            by_reason.setdefault(reason, []).append(command.params["QualificationRequestId"])
        rows = QualificationRequest.objects.filter(account=commands[0].account_id)
        for reason, ids in by_reason.items():
            rows.filter(request_id__in=ids).update(
                state=RequestState.REJECTED, reason=reason, decided_at=now, decision=None
            )
