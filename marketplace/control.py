"""The control paths: time travel, workers' moves, faults, the ledger and the count of calls, for tests and demos.

They can do anything to anybody's account, so they are off unless asked for and then answer only a program on the
same machine: a loopback peer, a loopback Host (a page that rebinds its name to 127.0.0.1 still sends its own name), no
Origin header, a JSON content type (which a page cannot send across origins without asking first), no proxy in between.
"""

import ipaddress
import json
import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from marketplace import calls, clock, faults, ledger, models, qualifications, rates, validation, work
from marketplace.crowd import orders
from marketplace.errors import SerializationError, ServiceFault
from marketplace.models import Requester
from marketplace.serialization import seconds
from marketplace.transactions import in_transaction

log = logging.getLogger(__name__)

NAME_LENGTH = 200
FURTHEST = 10**10  # seconds; the clock's own limits are nearer, but not for numbers beyond reckoning
_FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP", "HTTP_VIA")


class Problem(Exception):
    """An error answer {"error": code, "message": sentence} with a 4xx status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@csrf_exempt  # no cookie counts here, and _guard keeps web pages out
def control(request: HttpRequest, path: str) -> HttpResponse:
    """Answers /control/<path>."""
    try:
        methods = _PATHS.get(path)
        if not settings.CONTROL or methods is None:
            raise Problem(404, "not_found", "There is nothing here. Control paths need the option --control.")
        _guard(request)
        handler = methods.get(request.method or "")
        if handler is None:
            raise Problem(405, "method_not_allowed", f"/control/{path} takes {', '.join(methods)}.")
        return _json(handler(_given(request)))
    except Problem as problem:
        return _json({"error": problem.code, "message": problem.message}, problem.status)
    except work.Refused as refused:
        return _json({"error": refused.code, "message": refused.message}, _status_of(refused.code))
    except ServiceFault as fault:
        return _json({"error": "busy", "message": fault.message}, 503)
    except Exception:
        log.exception("%s /control/%s failed", request.method, path)
        return _json({"error": "internal", "message": "The marketplace failed; its log says why."}, 500)


def _json(answer: Any, status: int = 200) -> HttpResponse:
    body = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return HttpResponse(body, status=status, content_type="application/json")


def _status_of(code: str) -> int:
    if code.startswith("no_such_"):
        return 404
    return 400 if code.startswith("bad_") else 409


def _guard(request: HttpRequest) -> None:
    if not _is_loopback(request.META.get("REMOTE_ADDR", "")):
        raise Problem(403, "forbidden", "Control paths answer programs on this machine only.")
    if not _is_loopback(_host_name(request.META.get("HTTP_HOST", ""))):
        raise Problem(403, "forbidden", "Control paths need the Host header to be 127.0.0.1, [::1] or localhost.")
    if "HTTP_ORIGIN" in request.META or any(name in request.META for name in _FORWARDED):
        raise Problem(403, "forbidden", "Control paths answer neither web pages (Origin header) nor proxies.")
    content_type = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise Problem(415, "content_type", "Control paths need the header Content-Type: application/json.")


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_loopback(name: str) -> bool:
    if name.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _given(request: HttpRequest) -> dict:
    try:
        given = validation.parse(request.body)
        json.dumps(given, ensure_ascii=False).encode("utf-8")
    except SerializationError as error:
        raise Problem(400, "bad_json", error.message) from None
    except UnicodeEncodeError:
        raise Problem(400, "bad_json", "The request body has text that is not valid Unicode.") from None
    except RequestDataTooBig:
        raise Problem(413, "too_large", f"The request body is larger than {settings.MAX_BODY} bytes.") from None
    except UnreadablePostError:
        raise Problem(400, "bad_request", "The request body could not be read.") from None
    return given | request.GET.dict() if request.method == "GET" else given


def _text(given: dict, name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise Problem(400, "bad_request", f"{name} is missing or not a text.")
    if "\0" in value:
        raise Problem(400, "bad_request", f"{name} must not contain the null character.")
    return value


def _answer(given: dict) -> dict[str, Any]:
    """The keyword arguments of work.submit: one of Answer (a document) and Fields (what a form posts)."""
    if ("Answer" in given) == ("Fields" in given):
        raise Problem(400, "bad_request", "Give either Answer (a QuestionFormAnswers document) or Fields, not both.")
    if "Answer" in given:
        if not isinstance(given["Answer"], str):
            raise Problem(400, "bad_request", "Answer must be a text, the QuestionFormAnswers document.")
        return {"answer": given["Answer"], "fields": None}
    fields = given["Fields"]
    good = isinstance(fields, dict) and all(
        isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))
        for value in fields.values()
    )
    if not good:
        raise Problem(400, "bad_request", "Fields must be an object whose values are texts or lists of texts.")
    return {"answer": None, "fields": fields}


def _now() -> dict[str, float]:
    return {"now": seconds(clock.now())}


def _reset(given: dict) -> dict:
    in_transaction(models.reset)
    rates.forget()
    faults.clear()
    calls.clear()
    return {}


def _account(given: dict) -> dict[str, str]:
    name = _text(given, "name")
    if len(name) > NAME_LENGTH:
        raise Problem(400, "bad_request", f"name must have at most {NAME_LENGTH} characters.")
    requester = in_transaction(lambda: Requester.for_name(name))
    return {
        "AccessKeyId": requester.access_key_id,
        "SecretAccessKey": requester.secret_access_key,
        "WorkerId": requester.worker.worker_id if requester.worker else "",
    }


def _number(given: dict, name: str) -> float:
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= FURTHEST:
        raise Problem(400, "bad_request", f"{name} must be a number of seconds.")
    return value


def _advance(given: dict) -> dict[str, float]:
    try:
        if "begin_seconds_ago" in given:
            clock.begin_in_the_past(_number(given, "begin_seconds_ago"))
        else:
            clock.advance(_number(given, "advance_seconds"))
    except ValueError as error:
        raise Problem(400, "bad_request", str(error)) from None
    return _now()


def _let_work(given: dict) -> dict[str, Any]:
    """A crowd does what the body asks of it; see orders.read."""
    try:
        order = orders.read(given)
    except ValueError as error:
        raise Problem(400, "bad_request", str(error)) from None
    return {**orders.carry_out(order), **_now()}


def _accept(given: dict) -> dict[str, str]:
    hit_id, worker_id = _text(given, "HITId"), _text(given, "WorkerId")
    return {"AssignmentId": in_transaction(lambda: work.accept(hit_id, worker_id)).assignment_id}


def _submit(given: dict) -> dict[str, str]:
    assignment_id, answer = _text(given, "AssignmentId"), _answer(given)
    return {"AssignmentId": in_transaction(lambda: work.submit(assignment_id, **answer)).assignment_id}


def _return(given: dict) -> dict[str, str]:
    if "AssignmentId" in given:
        whose = {"assignment_id": _text(given, "AssignmentId")}
    else:
        whose = {"hit_id": _text(given, "HITId"), "worker_id": _text(given, "WorkerId")}
    return {"AssignmentId": in_transaction(lambda: work.give_back(**whose)).assignment_id}


def _accept_and_submit(given: dict) -> dict[str, str]:
    hit_id, worker_id, answer = _text(given, "HITId"), _text(given, "WorkerId"), _answer(given)

    def both() -> str:
        assignment = work.accept(hit_id, worker_id)
        return work.submit(assignment.assignment_id, **answer).assignment_id

    return {"AssignmentId": in_transaction(both)}  # one transaction: a refused answer leaves nothing accepted


def _ask(given: dict) -> dict[str, Any]:
    type_id, worker_id = _text(given, "QualificationTypeId"), _text(given, "WorkerId")
    if "Answer" in given or "Fields" in given:
        answer = _answer(given)
        asked = in_transaction(lambda: qualifications.hand_in(type_id, worker_id, **answer))
    else:
        asked = in_transaction(lambda: qualifications.ask(type_id, worker_id))
    return _asked(asked.state, asked.request_id, asked.value)


def _asked_before(given: dict) -> dict[str, Any]:
    type_id, worker_id = _text(given, "QualificationTypeId"), _text(given, "WorkerId")
    asked, held = in_transaction(lambda: qualifications.latest_request(type_id, worker_id), reads_only=True)
    state = asked.state if asked else qualifications.GRANTED  # given without being asked for
    return _asked(state, asked.request_id if asked else None, held.value if held else None)


def _asked(state: str, request_id: str | None, value: int | None) -> dict[str, Any]:
    return {"state": str(state), "QualificationRequestId": request_id, "IntegerValue": value}


def _add_fault(given: dict) -> dict:
    try:
        faults.add(given)
    except faults.BadRule as error:
        raise Problem(400, "bad_request", str(error)) from None
    return _faults(given)


def _faults(given: dict) -> dict:
    return {"faults": faults.described()}


def _clear_faults(given: dict) -> dict:
    faults.clear()
    return _faults(given)


def _clear_calls(given: dict) -> dict:
    calls.clear()
    return {}


_PATHS: dict[str, dict[str, Callable[[dict], Any]]] = {
    "reset": {"POST": _reset},
    "accounts": {"POST": _account},
    "clock": {"GET": lambda given: _now(), "POST": _advance},
    "accept": {"POST": _accept},
    "submit": {"POST": _submit},
    "return": {"POST": _return},
    "assignments": {"POST": _accept_and_submit},
    "crowd": {"POST": _let_work},
    "qualification-requests": {"GET": _asked_before, "POST": _ask},
    "faults": {"GET": _faults, "POST": _add_fault, "DELETE": _clear_faults},
    "ledger": {"GET": lambda given: in_transaction(ledger.entries, reads_only=True)},
    "calls": {"GET": lambda given: calls.counts(), "DELETE": _clear_calls},
}
