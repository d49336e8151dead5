"""The demo's side of the marketplace: its control paths, and publishing HITs without ever doing it twice."""

import hashlib
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from dashboard import mturk
from dashboard.models import Account

TIMEOUT = 300  # seconds; living through a day of history is one call


class Refused(Exception):
    """A control path said no: `code` for programs, the message for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def control(account: Account, path: str, body: dict[str, Any] | None = None) -> Any:
    """Call /control/<path> of the account's marketplace: GET without a body, else POST. Refused where it says no."""
    address = urlsplit(mturk.endpoint_of(account))
    connection = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=TIMEOUT)
    try:
        connection.request(
            "GET" if body is None else "POST",
            f"/control/{path}",
            None if body is None else json.dumps(body),
            {"Content-Type": "application/json"},
        )
        answer = connection.getresponse()
        status, text = answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Refused("no_answer", f"The marketplace at {address.geturl()} does not answer: {error}.") from error
    finally:
        connection.close()
    try:
        told = json.loads(text)
    except ValueError:
        told = {}
    if status >= 400:
        code = told.get("error", str(status))
        raise Refused(code, told.get("message") or f"The marketplace answered {status} to /control/{path}.")
    return told


def published(account: Account) -> dict[str, str]:
    """What the account has there: RequesterAnnotation to HITId."""
    return {
        hit.get("RequesterAnnotation", ""): hit["HITId"]
        for page in mturk.pages(account, "ListHITs")
        for hit in page.get("HITs", [])
    }


def publish(account: Account, hit_type: str, annotation: str, question: str, **properties: Any) -> str:
    """Create a HIT of that type and return its HITId. The annotation is its identity, so it is also the token."""
    token = "demo-" + hashlib.sha256(annotation.encode()).hexdigest()[:40]
    params = {"HITTypeId": hit_type, "RequesterAnnotation": annotation, "Question": question, **properties}
    answer, _ = mturk.call(account, "CreateHITWithHITType", {**params, "UniqueRequestToken": token}, write=True)
    hit_id: str = answer["HIT"]["HITId"]
    return hit_id


def make_hit_type(account: Account, **properties: Any) -> str:
    """The HITTypeId of these properties; equal properties are the same type, so this may be repeated."""
    answer, _ = mturk.call(account, "CreateHITType", properties, write=True)
    hit_type_id: str = answer["HITTypeId"]
    return hit_type_id
