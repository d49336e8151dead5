"""The API on the wire: `POST` to any path with `X-Amz-Target: MTurkRequesterServiceV20170117.<Operation>`.

A call is recognised before any URL is looked at, because clients post to `/` and old scripts to whatever path they were
given. Whatever goes wrong, the answer is an API error in JSON with a request id, never a page.
"""

import datetime
import json
import logging
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError

from marketplace import calls, clock, faults, serialization, sigv4, validation
from marketplace.errors import RequestError, SerializationError, ServiceFault, Throttled, TurkError
from marketplace.models import Requester
from marketplace.operations import OPERATIONS as FUNCTIONS
from marketplace.service import OPERATIONS, TARGET_PREFIX, Operation
from marketplace.transactions import in_transaction

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/x-amz-json-1.1"
CUT = "marketplace.cut"  # set in the WSGI environment: close the connection without an answer (see wsgi.py)


def api_first(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: API calls are answered here, everything else goes on to the URLs."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return answer(request) if is_call(request) else get_response(request)

    return middleware


def is_call(request: HttpRequest) -> bool:
    """Whether this comes from an API client, however malformed: such a client must never be answered with a page."""
    return (
        "HTTP_X_AMZ_TARGET" in request.META
        or request.META.get("HTTP_AUTHORIZATION", "").startswith("AWS4-")
        or request.META.get("CONTENT_TYPE", "").lower().startswith("application/x-amz-json")
    )


def answer(request: HttpRequest) -> HttpResponse:
    """Do what a call asks and answer it."""
    request_id = str(uuid.uuid4())
    try:
        body, status = _perform(request, request_id), 200
    except TurkError as error:
        body, status = _error_body(error), error.status
    except _Cut:
        request.META[CUT] = True
        body, status = b"", 500
    except Exception:
        log.exception("%s failed: %.200s", request_id, request.META.get("HTTP_X_AMZ_TARGET", ""))
        body, status = _error_body(ServiceFault()), 500
    response = HttpResponse(body, status=status, content_type=CONTENT_TYPE)
    response["x-amzn-RequestId"] = request_id
    response["Content-Length"] = str(len(body))
    return response


class _Cut(Exception):
    """A fault wants the connection closed without an answer."""


def _perform(request: HttpRequest, request_id: str) -> bytes:
    operation = _operation(request)
    body = _body(request)
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
        written = _work(operation, request, body, request_id)
    except TurkError:
        if fault.mode == "drop_after":
            raise _Cut from None
        raise
    if fault.mode == "drop_after":
        raise _Cut
    return written


def _work(operation: Operation, request: HttpRequest, body: bytes, request_id: str) -> bytes:
    requester = in_transaction(lambda: _requester(request, body), reads_only=True)
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


def _operation(request: HttpRequest) -> Operation:
    prefix, _, name = request.META.get("HTTP_X_AMZ_TARGET", "").partition(".")
    if request.method != "POST":
        raise TurkError("UnknownOperationException", "API calls are POST requests.")
    if prefix != TARGET_PREFIX or name not in OPERATIONS:
        raise TurkError(
            "UnknownOperationException",
            f"The X-Amz-Target header must be {TARGET_PREFIX}.<Operation> with an operation of the 2017-01-17 API.",
        )
    return OPERATIONS[name]


def _body(request: HttpRequest) -> bytes:
    too_large = TurkError(
        "RequestEntityTooLargeException",
        f"The request body is larger than {settings.MAX_API_BODY} bytes.",
        status=413,
    )
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MAX_API_BODY:
            raise too_large
        body = request.body
    except ValueError:
        raise SerializationError("The Content-Length header is not a number.") from None
    except RequestDataTooBig:
        raise too_large from None
    except UnreadablePostError:
        raise SerializationError("The request body could not be read.") from None
    if len(body) > settings.MAX_API_BODY:
        raise too_large
    return body


def _requester(request: HttpRequest, body: bytes) -> Requester:
    authorization = request.META.get("HTTP_AUTHORIZATION", "")
    if not settings.STRICT:
        return Requester.for_key(sigv4.access_key_id(authorization))
    found: list[Requester] = []

    def secret_for(access_key_id: str) -> str | None:
        found.extend(Requester.objects.filter(access_key_id=access_key_id)[:1])
        return found[0].secret_access_key if found else None

    signed = sigv4.SignedRequest(
        method=request.method or "",
        path=request.META.get("REQUEST_URI", request.path).partition("?")[0],
        query=request.META.get("QUERY_STRING", ""),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )
    sigv4.verify(signed, secret_for, datetime.datetime.now(datetime.UTC))
    return found[0]


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
