"""The writes that concern a qualification type: create, change, delete."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils import timezone

from dashboard import mturk
from dashboard.commands import Kind, Outcome, register
from dashboard.models import Account, Command, State
from hits.models import HITType
from qualifications.models import QualificationType, RequestState, TypeKind
from qualifications.sync.types import CREATING, rescore, type_row

NO_TYPE = "AWS.MechanicalTurk.QualificationTypeDoesNotExist"
_WRONG_STATE = "AWS.MechanicalTurk.InvalidQualificationTypeState"
#: How far MTurk's clock and ours may be apart where a time tells whether a type is this command's.
_CLOCKS_APART = timedelta(minutes=10)
#: What CreateQualificationType sets and GetQualificationType shows.
_SHOWN = ("Description", "Keywords", "Test", "AnswerKey")


def type_key(type_id: str) -> str:
    """One change of a type may be open at a time."""
    return f"qualification:{type_id}"


def name_key(name: str) -> str:
    """One new type of a name may be open at a time: names are unique at MTurk."""
    return f"qualification-name:{name.casefold()[:90]}"


def hit_types_requiring(account: Account | int, type_id: str) -> Any:
    """HIT types that ask for this qualification, as far as our copy knows."""
    as_text = Cast("qualification_requirements", TextField())
    return HITType.objects.filter(account=account).annotate(asks=as_text).filter(asks__contains=f'"{type_id}"')


def _in_json(value: Any) -> Any:
    """The answer as a Command keeps it: times as text."""
    if isinstance(value, dict):
        return {name: _in_json(member) for name, member in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


def _from_json(item: dict[str, Any]) -> dict[str, Any]:
    made = item.get("CreationTime")
    return {**item, "CreationTime": datetime.fromisoformat(made)} if isinstance(made, str) else item


def _get(command: Command, type_id: str) -> tuple[dict[str, Any] | None, str]:
    """What GetQualificationType says and the request's id; None where there is no such type."""
    try:
        answer, request_id = mturk.call(
            command.account, "GetQualificationType", {"QualificationTypeId": type_id}, write=False
        )
    except mturk.Permanent as error:
        if error.code == NO_TYPE:
            return None, error.request_id
        raise
    return answer.get("QualificationType") or {}, request_id


@register
class CreateQualificationType(Kind):
    """A new type. It has no token: the name, which is unique, is MTurk's guard against a repeat (api:769)."""

    name = "CreateQualificationType"
    operation = "CreateQualificationType"
    verb = "create"

    def already_done(self, error: mturk.MTurkError) -> bool:
        return error.code.endswith("QualificationTypeAlreadyExists") or "already created a QualificationType" in str(
            error
        )

    def send(self, command: Command) -> tuple[dict[str, Any], str]:
        response, request_id = super().send(command)
        return _in_json(response), request_id

    def ask(self, command: Command) -> Outcome:
        params = command.params
        found = None
        for page in mturk.pages(
            command.account,
            "ListQualificationTypes",
            {"Query": params["Name"], "MustBeRequestable": False, "MustBeOwnedByCaller": True},
        ):
            rows = page.get("QualificationTypes") or []
            found = next((row for row in rows if row.get("Name") == params["Name"]), None)
            if found is not None:
                break
        if found is None:
            return Outcome(State.QUEUED)
        begun = (command.first_sent_at or command.created_at) - _CLOCKS_APART
        made = found.get("CreationTime")
        same = all((found.get(name) or "") == (params.get(name) or "") for name in _SHOWN)
        if same and isinstance(made, datetime) and made >= begun:
            return Outcome(State.DONE, response={"QualificationType": _in_json(found)})
        return Outcome(
            State.FAILED,
            code="AWS.MechanicalTurk.QualificationTypeAlreadyExists",
            message=f"You have a qualification type “{params['Name'][:80]}” already. Choose another name.",
        )

    def settle(self, command: Command) -> None:
        made = (command.response or {}).get("QualificationType")
        if not made:
            # A person said that it happened; the next sync names it.
            QualificationType.objects.filter(command=command, status=CREATING).delete()
            return
        new = type_row(command.account, _from_json(made), TypeKind.OWN, timezone.now())
        draft = QualificationType.objects.filter(account=command.account_id, command=command).first()
        listed = QualificationType.objects.filter(
            account=command.account_id, qualification_type_id=new.qualification_type_id
        ).first()
        if listed is not None and draft is not None and listed.pk != draft.pk:
            new.grading_key, new.purpose = draft.grading_key, draft.purpose
            draft.delete()
        elif draft is not None:
            new.grading_key, new.purpose = draft.grading_key, draft.purpose
        row = listed or draft
        new.pk, new.command = (row.pk if row else None), command
        new.save(force_update=row is not None)

    def give_up(self, command: Command) -> None:
        """It does not exist: the draft stays for whoever wants to correct it."""
        QualificationType.objects.filter(command=command, status=CREATING).update(status="Failed")

    def subject(self, command: Command) -> str:
        return str(command.params.get("Name", ""))[:120]


class TypeChange(Kind):
    """What concerns a type that exists: GetQualificationType tells what became of it."""

    def subject(self, command: Command) -> str:
        return str(command.params["QualificationTypeId"])

    def rows(self, command: Command) -> Any:
        return QualificationType.objects.filter(
            account=command.account_id, qualification_type_id=command.params["QualificationTypeId"]
        )


@register
class UpdateQualificationType(TypeChange):
    """What is given is changed; the same change again changes nothing (api:2083)."""

    name = "UpdateQualificationType"
    operation = "UpdateQualificationType"
    verb = "change"
    members: ClassVar[dict[str, str]] = {
        "Description": "description",
        "QualificationTypeStatus": "status",
        "RetryDelayInSeconds": "retry_delay",
        "Test": "test",
        "AnswerKey": "answer_key",
        "TestDurationInSeconds": "test_duration",
        "AutoGranted": "auto_granted",
        "AutoGrantedValue": "auto_granted_value",
    }

    def send(self, command: Command) -> tuple[dict[str, Any], str]:
        response, request_id = super().send(command)
        return _in_json(response), request_id

    def ask(self, command: Command) -> Outcome:
        found, request_id = _get(command, command.params["QualificationTypeId"])
        if found is None:
            return Outcome(
                State.FAILED, code=NO_TYPE, message="The qualification type no longer exists.", request_id=request_id
            )
        wanted = {name: value for name, value in command.params.items() if name in self.members}
        if "Test" in wanted:
            wanted.setdefault("AnswerKey", "")  # a test without a key takes the old key away
        differs = [name for name, value in wanted.items() if (found.get(name) or None) != (value or None)]
        return Outcome(State.QUEUED if differs else State.DONE, request_id=request_id)

    def settle(self, command: Command) -> None:
        row = self.rows(command).select_for_update().first()
        if row is None:
            return
        for name, column in self.members.items():
            if name in command.params:
                setattr(row, column, command.params[name])
        if "Test" in command.params and "AnswerKey" not in command.params:
            row.answer_key = ""
        row.save()
        if "Test" in command.params:
            rescore(row)


@register
class DeleteQualificationType(TypeChange):
    """The end of a type. While HITs ask for it, MTurk only begins to dispose of it (api:978)."""

    name = "DeleteQualificationType"
    operation = "DeleteQualificationType"
    verb = "delete"

    def already_done(self, error: mturk.MTurkError) -> bool:
        return error.code in (NO_TYPE, _WRONG_STATE)

    def ask(self, command: Command) -> Outcome:
        found, request_id = _get(command, command.params["QualificationTypeId"])
        gone = found is None or found.get("QualificationTypeStatus") == "Disposing"
        return Outcome(State.DONE if gone else State.QUEUED, request_id=request_id)

    def settle(self, command: Command) -> None:
        row = self.rows(command).select_for_update().first()
        if row is None:
            return
        now = timezone.now()
        asked_for = hit_types_requiring(command.account, row.qualification_type_id)
        row.status = "Disposing"
        if not asked_for.filter(hits__gone_at=None, hits__isnull=False).exists():
            row.gone_at = now
        row.save()
        row.requests.filter(state=RequestState.PENDING).update(
            state=RequestState.REJECTED, reason="The qualification type was deleted.", decided_at=now
        )
