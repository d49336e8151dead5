"""The write that publishes: a HIT with all its properties."""

import re
from datetime import datetime, timedelta
from typing import Any

from dashboard import mturk
from dashboard.commands import Kind, Outcome, register, token_holds
from dashboard.models import Command, State
from hits.sync import store_hit

_CLOCKS_APART = timedelta(minutes=10)
_NAMED = re.compile(r"HIT with ID \"?([A-Z0-9]{1,64})\"?")


@register
class CreateHIT(Kind):
    """A new HIT. The token makes a repeat harmless for a day, and answers with the HIT made first (api:486).

    Later the annotation tells, where it belongs to this HIT alone; else a person looks.
    """

    name = "CreateHIT"
    operation = "CreateHIT"
    verb = "publish"
    takes_token = True

    def send(self, command: Command) -> tuple[dict[str, Any], str]:
        try:
            response, request_id = super().send(command)
        except mturk.Permanent as error:
            made = _NAMED.search(error.message)
            if not error.code.endswith("HitAlreadyExists") or made is None:
                raise
            # The token is this command's alone: whoever used it was this command.
            response, request_id = mturk.call(command.account, "GetHIT", {"HITId": made[1]}, write=False)
        return {"HIT": _in_json(response["HIT"])}, request_id

    def ask(self, command: Command) -> Outcome:
        if token_holds(command):
            return Outcome(State.QUEUED)
        annotation = command.params.get("RequesterAnnotation")
        since = (command.first_sent_at or command.created_at) - _CLOCKS_APART
        found = [
            hit
            for page in mturk.pages(command.account, "ListHITs")
            for hit in page.get("HITs") or []
            if annotation and hit.get("RequesterAnnotation") == annotation and hit.get("CreationTime") >= since
        ]
        if len(found) == 1:
            return Outcome(State.DONE, response={"HIT": _in_json(found[0])})
        return Outcome(
            State.ATTENTION,
            message="It was sent more than 23 hours ago, and MTurk shows "
            + (f"{len(found)} HITs that could be it: look." if found else "no HIT like it: look before asking again."),
        )

    def settle(self, command: Command) -> None:
        made = (command.response or {}).get("HIT")
        if made:
            hit = {**made, "Question": made.get("Question") or command.params.get("Question", "")}
            for name in ("CreationTime", "Expiration"):
                if isinstance(hit.get(name), str):
                    hit[name] = datetime.fromisoformat(hit[name])
            store_hit(command.account, hit)

    def subject(self, command: Command) -> str:
        made = (command.response or {}).get("HIT") or {}
        return str(made.get("HITId", "") or command.params.get("Title", ""))[:120]


def _in_json(hit: dict[str, Any]) -> dict[str, Any]:
    """The HIT as a Command keeps it: times as text, and not its question, which stands in the request already."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in hit.items()
        if name != "Question"
    }
