"""The API on the wire: `POST` to any path with `X-Amz-Target: MTurkRequesterServiceV20170117.<Operation>`.

A call is recognised before any URL is looked at, because clients post to `/` and old scripts to whatever path they were
given. Whatever goes wrong, the answer is an API error in JSON with a request id, never a page.
"""

import datetime
import http
import json
import logging
import time
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.request import HttpHeaders

from marketplace import calls, clock, faults, prepared, serialization, sigv4, validation
from marketplace.errors import RequestError, SerializationError, ServiceFault, Throttled, TurkError
from marketplace.models import Requester
from marketplace.operations import OPERATIONS as FUNCTIONS
from marketplace.service import OPERATIONS, TARGET_PREFIX, Operation
from marketplace.transactions import in_transaction

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/x-amz-json-1.1"
Environ = dict[str, Any]  # a request as WSGI has it


class Answer(NamedTuple):
    """What a call is answered, or, with `cut`, that its connection is to be closed without an answer."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes
    cut: bool = False


def api_first(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that answers calls where Django is run without wsgi.py, which answers them before Django."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not is_call(request.META):
            return get_response(request)
        given = answer(request.META)
        return HttpResponse(given.body, status=int(given.status.split()[0]), headers=dict(given.headers))

    return middleware


def is_call(environ: Environ) -> bool:
    """Whether this comes from an API client, however malformed: such a client must never be answered with a page."""
    return (
        "HTTP_X_AMZ_TARGET" in environ
        or environ.get("HTTP_AUTHORIZATION", "").startswith("AWS4-")
        or environ.get("CONTENT_TYPE", "").lower().startswith("application/x-amz-json")
    )


def answer(environ: Environ) -> Answer:
    """Do what a call asks and answer it."""
    request_id = str(uuid.uuid4())
    try:
        body, status = _perform(environ), 200
    except TurkError as error:
        body, status = _error_body(error), error.status
    except _Cut:
        return Answer("", [], b"", cut=True)
    except Exception:
        log.exception("%s failed: %.200s", request_id, environ.get("HTTP_X_AMZ_TARGET", ""))
        body, status = _error_body(ServiceFault()), 500
    headers = [("Content-Type", CONTENT_TYPE), ("x-amzn-RequestId", request_id), ("Content-Length", str(len(body)))]
    return Answer(f"{status} {http.HTTPStatus(status).phrase}", headers, body)


class _Cut(Exception):
    """A fault wants the connection closed without an answer."""


def _perform(environ: Environ) -> bytes:
    operation = _operation(environ)
    body = _body(environ)
    calls.count(operation.name)
    fault = faults.verdict(operation.name, body)
    if fault.wait:
        time.sleep(fault.wait)
    if fault.mode == "throttle":
        raise Throttled()
    if fault.mode == "error":
        raise ServiceFault()
    if fault.mode == "drop_before":
        raise _Cut
    try:
        written = _work(operation, environ, body)
    except TurkError:
        if fault.mode == "drop_after":
            raise _Cut from None
        raise
    if fault.mode == "drop_after":
        raise _Cut
    return written


def _work(operation: Operation, environ: Environ, body: bytes) -> bytes:
    requester = _requester(environ, body)
    given = validation.validate(operation.name, validation.parse(body))
    function = FUNCTIONS.get(operation.name)
    if function is None:
        raise RequestError(
            f"The operation {operation.name} is not available in this marketplace yet.",
            "AWS.MechanicalTurk.OperationNotAvailable",
        )
    # Serialised inside the transaction: an answer that cannot be written must not leave its work behind.
    return in_transaction(
        lambda: serialization.serialize(operation.name, function(requester, given)), reads_only=operation.reads_only
    )


def _operation(environ: Environ) -> Operation:
    prefix, _, name = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
    if environ["REQUEST_METHOD"].upper() != "POST":
        raise TurkError("UnknownOperationException", "API calls are POST requests.")
    if prefix != TARGET_PREFIX or name not in OPERATIONS:
        raise TurkError(
            "UnknownOperationException",
            f"The X-Amz-Target header must be {TARGET_PREFIX}.<Operation> with an operation of the 2017-01-17 API.",
        )
    return OPERATIONS[name]


def _body(environ: Environ) -> bytes:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise SerializationError("The Content-Length header is not a number.") from None
    if length > settings.MAX_API_BODY:
        raise TurkError(
            "RequestEntityTooLargeException",
            f"The request body is larger than {settings.MAX_API_BODY} bytes.",
            status=413,
        )
    if length <= 0:
        return b""
    try:
        return environ["wsgi.input"].read(length)
    except OSError:
        raise SerializationError("The request body could not be read.") from None


def _requester(environ: Environ, body: bytes) -> Requester:
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    if not settings.STRICT:
        access_key_id = sigv4.access_key_id(authorization)
        found = _find(access_key_id)
        return found or in_transaction(lambda: Requester.for_key(access_key_id))
    known: list[Requester] = []

    def secret_for(access_key_id: str) -> str | None:
        found = _find(access_key_id)
        if found is None:
            return None
        known.append(found)
        return found.secret_access_key

    signed = sigv4.SignedRequest(
        method=environ["REQUEST_METHOD"].upper(),
        path=(environ.get("REQUEST_URI") or environ.get("PATH_INFO") or "/").partition("?")[0],
        query=environ.get("QUERY_STRING", ""),
        headers={name.lower(): value for name, value in HttpHeaders(environ).items()},
        body=body,
    )
    sigv4.verify(signed, secret_for, datetime.datetime.now(datetime.UTC))
    return known[0]


def _find(access_key_id: str) -> Requester | None:
    return prepared.one(Requester, access_key_id=access_key_id)


def _error_body(error: TurkError) -> bytes:
    """The service's own errors say `Message`, those of the protocol under it `message`: as at AWS."""
    if error.type in ("RequestError", "ParameterValidationError"):
        said = {"__type": error.type, "Message": f"{error.message} ({_epoch_ms()})"}
    elif error.type == "ServiceFault":
        said = {"__type": error.type, "Message": error.message}
    else:
        said = {"__type": error.type, "message": error.message}
    if error.code:
        said["TurkErrorCode"] = error.code
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _epoch_ms() -> int:
    """What production puts behind its messages."""
    try:
        moment = clock.now()
    except DatabaseError:  # the error must reach the client even so
        moment = datetime.datetime.now(datetime.UTC)
    return round(serialization.seconds(moment) * 1000)
