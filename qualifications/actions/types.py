"""What a person can do with qualification types: create, change, delete. An approver's, for they open or close work."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from dashboard import audit, commands
from dashboard.models import Account, Command, Role, User
from dashboard.permissions import Denied, check_role
from hits.models import HIT
from marketplace.documents.questions import MAX_BYTES
from qualifications.commands.types import (
    CreateQualificationType,
    DeleteQualificationType,
    UpdateQualificationType,
    hit_types_requiring,
    name_key,
    type_key,
)
from qualifications.models import PanelState, QualificationType, TypeKind, search_text
from qualifications.models.counting import COUNT_TO
from qualifications.questions import check_documents
from qualifications.sync.types import CREATING, rescore

#: Characters (api:769; the name's limit is the marketplace's).
LONGEST = {"name": 200, "description": 2000, "keywords": 1000}
YEAR = 31_536_000
FOREVER = 2**31 - 1
VALUE_LARGEST = 2**31 - 1


@dataclass(frozen=True)
class Wish:
    """A qualification type as a person wants it. Times are in seconds; `answer_key` goes to MTurk, `grading_key` stays
    here."""

    name: str
    description: str
    keywords: str = ""
    status: str = "Active"
    retry_delay: int | None = None
    auto_granted: bool = False
    auto_granted_value: int | None = None
    test: str = ""
    answer_key: str = ""
    grading_key: str = ""
    test_duration: int | None = None


def faults(wish: Wish, before: QualificationType | None = None) -> dict[str, str]:
    """Why MTurk would refuse it: member of Wish -> sentence. `before`: the type it changes."""
    found: dict[str, str] = {}
    for member, longest in LONGEST.items():
        length = len(getattr(wish, member))
        if length > longest:
            found[member] = f"{length:,} characters are too many; {longest:,} is the most."
    if not wish.name.strip():
        found["name"] = "Give it a name: workers see it."
    if not wish.description.strip():
        found["description"] = "Describe it: workers read this before they ask for it."
    if wish.status not in ("Active", "Inactive"):
        found["status"] = "It can be asked for (Active), or not (Inactive)."
    if wish.retry_delay is not None and not 0 <= wish.retry_delay <= FOREVER:
        found["retry_delay"] = "That is longer than MTurk can count."
    if wish.auto_granted and wish.test:
        found["auto_granted"] = "MTurk grants by itself or by a test, not both."
    value = wish.auto_granted_value
    if value is not None and not 0 <= value <= VALUE_LARGEST:
        found["auto_granted_value"] = f"A value is a whole number from 0 to {VALUE_LARGEST:,}."
    if (wish.answer_key or wish.grading_key) and not wish.test:
        found["test"] = "An answer key needs a test."
    if wish.test:
        found |= _test_faults(wish)
    if before is not None:
        found |= _change_faults(wish, before)
    return found


def _test_faults(wish: Wish) -> dict[str, str]:
    found = {}
    if wish.test_duration is None or not 1 <= wish.test_duration <= YEAR:
        found["test_duration"] = "Say how long a worker has for the test: from a second to a year."
    about_test, about_key = check_documents(wish.test, wish.answer_key)
    if about_test:
        found["test"] = about_test
    about_key = about_key or check_documents(wish.test, wish.grading_key, words=True)[1]
    if about_key:
        found["answer_key"] = about_key
    for member, text in (("test", wish.test), ("answer_key", wish.answer_key or wish.grading_key)):
        if len(text.encode("utf-8", "replace")) > MAX_BYTES:
            found[member] = f"It has {len(text.encode()):,} bytes; {MAX_BYTES:,} is the most."
    return found


def _change_faults(wish: Wish, before: QualificationType) -> dict[str, str]:
    found = {}
    if wish.name != before.name:
        found["name"] = "MTurk lets nobody change the name of a type. Create another, or leave this name."
    if wish.keywords != before.keywords:
        found["keywords"] = "MTurk lets nobody change the keywords of a type."
    if before.retry_delay is not None and wish.retry_delay is None:
        found["retry_delay"] = (
            "Asking again was allowed once, and MTurk does not take that back. Say a long time instead, or create "
            "another type."
        )
    if before.test and not wish.test:
        found["test"] = "MTurk takes no test away from a type. Change it, or create another type without one."
    if before.test and wish.auto_granted:
        found["auto_granted"] = "A type with a test cannot be granted by itself, and a test cannot be taken away."
    return found


def check_can_change(by: User, row: QualificationType) -> None:
    """Raise Denied with the reason why this person cannot change this type now."""
    check_role(by, row.account, Role.APPROVER, "change qualification types")
    if row.kind != TypeKind.OWN:
        raise Denied("It is not ours: only whoever made a qualification type can change it.")
    if row.gone_at is not None:
        raise Denied("It no longer exists there; this is our archived copy.")
    if row.status == CREATING:
        raise Denied("It is being created. Wait for MTurk's answer.")
    if row.status == "Failed":
        raise Denied("MTurk did not create it. Correct it and send it again.")
    if row.status == "Disposing":
        raise Denied("It is deleted already, and ends with the last HIT that asks for it.")
    commands.raise_who_was_first(row.account, type_key(row.qualification_type_id))


def check_can_delete(by: User, row: QualificationType) -> None:
    check_can_change(by, row)
    panel = getattr(row, "panel", None)
    if panel is not None and panel.state not in (PanelState.DELETING, PanelState.GONE):
        raise Denied(f"It belongs to the panel “{panel}”. Delete the panel, and it goes with it.")


@transaction.atomic
def create_type(
    *, account: Account, by: User, wish: Wish, form_key: uuid.UUID | None = None, purpose: str = ""
) -> QualificationType:
    """Ask for a new type; its row is there at once, and has MTurk's id when MTurk has answered."""
    check_role(by, account, Role.APPROVER, "create qualification types")
    earlier = commands.made_before(CreateQualificationType, account=account, by=by, form_key=form_key)
    if earlier is not None and (made := QualificationType.objects.filter(command=earlier).first()):
        return made
    _refuse(faults(wish))
    same = QualificationType.objects.of(account).own().present().exclude(status="Failed").filter(name=wish.name)
    if same.exists():
        raise Denied(f"There is a qualification type “{wish.name}” already. Choose another name.")
    QualificationType.objects.of(account).filter(name=wish.name, status="Failed").delete()
    command = commands.ask(
        CreateQualificationType,
        account=account,
        by=by,
        params=create_params(wish),
        form_key=form_key,
        exclusive_key=name_key(wish.name),
    )
    if form_key is not None and (made := QualificationType.objects.filter(command=command).first()):
        return made  # the same form, sent in the same moment: the other click was first
    row = QualificationType.objects.create(
        account=account,
        qualification_type_id=f"new-{command.pk.hex}",
        status=CREATING,
        purpose=purpose,
        command=command,
        **_columns(wish),
    )
    commands.wake(account, after=commands.undo_window(account))
    return row


def create_params(wish: Wish) -> dict[str, Any]:
    """The API's request for a new type (api:769)."""
    params: dict[str, Any] = {
        "Name": wish.name,
        "Description": wish.description,
        "QualificationTypeStatus": wish.status,
    }
    if wish.keywords:
        params["Keywords"] = wish.keywords
    if wish.retry_delay is not None:
        params["RetryDelayInSeconds"] = wish.retry_delay
    if wish.test:
        params |= _test_params(wish)
    if wish.auto_granted:
        params |= {"AutoGranted": True, "AutoGrantedValue": _value(wish)}
    return params


def _test_params(wish: Wish) -> dict[str, Any]:
    params: dict[str, Any] = {"Test": wish.test, "TestDurationInSeconds": wish.test_duration}
    if wish.answer_key:
        params["AnswerKey"] = wish.answer_key
    return params


def _value(wish: Wish) -> int:
    return 1 if wish.auto_granted_value is None else wish.auto_granted_value


def _columns(wish: Wish) -> dict[str, Any]:
    columns = {name: getattr(wish, name) for name in Wish.__dataclass_fields__ if name != "status"}
    return {**columns, "searched": search_text(wish.name, wish.description, wish.keywords)}


def change_params(wish: Wish, before: QualificationType) -> dict[str, Any]:
    """What UpdateQualificationType has to say; empty where nothing differs (api:2083)."""
    params: dict[str, Any] = {}
    if wish.description != before.description:
        params["Description"] = wish.description
    if wish.status != before.status:
        params["QualificationTypeStatus"] = wish.status
    if wish.retry_delay is not None and wish.retry_delay != before.retry_delay:
        params["RetryDelayInSeconds"] = wish.retry_delay
    test = (wish.test, wish.answer_key, wish.test_duration)
    if wish.test and test != (before.test, before.answer_key, before.test_duration):
        # The three go together: a test that is sent without its key loses it.
        params |= _test_params(wish)
    if wish.auto_granted != before.auto_granted:
        params["AutoGranted"] = wish.auto_granted
    if wish.auto_granted and (_value(wish) != before.auto_granted_value or "AutoGranted" in params):
        params["AutoGrantedValue"] = _value(wish)
    return params


@transaction.atomic
def change_type(*, row: QualificationType, by: User, wish: Wish, form_key: uuid.UUID | None = None) -> Command | None:
    """Ask for what differs; a key that stays here is changed at once. None where MTurk need not know."""
    account = row.account
    earlier = commands.made_before(UpdateQualificationType, account=account, by=by, form_key=form_key)
    if earlier is not None:
        return earlier
    row = QualificationType.objects.select_for_update(of=("self",)).get(pk=row.pk)
    row.account = account
    check_can_change(by, row)
    _refuse(faults(wish, row))
    command = None
    if params := change_params(wish, row):
        command = commands.ask(
            UpdateQualificationType,
            account=account,
            by=by,
            params={"QualificationTypeId": row.qualification_type_id, **params},
            form_key=form_key,
            exclusive_key=type_key(row.qualification_type_id),
        )
        commands.wake(account, after=commands.undo_window(account))
    if wish.grading_key != row.grading_key:
        row.grading_key = wish.grading_key
        row.save(update_fields=["grading_key"])
        rescore(row)
        audit.record(
            "qualification.key", account=account, by=by, subject=row.qualification_type_id, text="The key kept here."
        )
    return command


@transaction.atomic
def delete_type(*, row: QualificationType, by: User, typed: str, form_key: uuid.UUID | None = None) -> Command:
    """Ask for the end of a type; `typed` has to be its name."""
    earlier = commands.made_before(DeleteQualificationType, account=row.account, by=by, form_key=form_key)
    if earlier is not None:
        return earlier
    check_can_delete(by, row)
    if typed.strip() != row.name.strip():
        raise Denied("Type the name exactly as it stands here.")
    command = commands.ask(
        DeleteQualificationType,
        account=row.account,
        by=by,
        params={"QualificationTypeId": row.qualification_type_id},
        form_key=form_key,
        exclusive_key=type_key(row.qualification_type_id),
    )
    commands.wake(row.account, after=commands.undo_window(row.account))
    return command


def dependents(row: QualificationType) -> dict[str, Any]:
    """What is affected when a type goes: HIT types, open HITs, workers who hold it, requests, a panel. Counts end
    at COUNT_TO."""
    hit_types = list(hit_types_requiring(row.account, row.qualification_type_id).order_by("-pk")[:50])
    keys = [hit_type.pk for hit_type in hit_types]
    hits = HIT.objects.present().filter(hit_type__in=keys)
    return {
        "hit_types": hit_types,
        "open_hits": hits.filter(available__gt=0)[:COUNT_TO].count(),
        "hits": hits[:COUNT_TO].count(),
        "holders": row.scores.granted()[:COUNT_TO].count(),
        "requests": row.requests.waiting()[:COUNT_TO].count(),
        "panel": getattr(row, "panel", None),
    }


def _refuse(found: dict[str, str]) -> None:
    if found:
        raise Denied(next(iter(found.values())))
