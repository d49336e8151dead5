"""The API before 2017: `?Service=AWSMechanicalTurkRequester&Operation=…` by GET or form, answers in XML.

AWS closed it in 2019. One operation is answered, RegisterHITType, for scripts that make their HITs with the new API and
still begin with it; every other one gets what AWS has answered since. A caller who names a version before 2017-01-17
uses a library of that time, which looks for the result inside a `…Response`.
"""

import base64
import datetime
import hmac
import re
import uuid
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from lxml import etree

from marketplace import sigv4, validation
from marketplace.errors import ParameterValidationError, RequestError, ServiceFault, TurkError
from marketplace.models import Requester
from marketplace.operations import OPERATIONS
from marketplace.transactions import in_transaction

SERVICE, OPERATION = "AWSMechanicalTurkRequester", "RegisterHITType"
CURRENT_VERSION = "2017-01-17"
SKEW = datetime.timedelta(minutes=15)
MOST_PARAMETERS = 500
CLOSED = (
    "This Requester API is no longer supported. Please use the latest API using the official AWS SDK. "
    "https://aws.amazon.com/getting-started/tools-sdks The latest version of our API ('2017-01-17') provides you with "
    "additional tool choices and enables you to select from nine AWS Software Development Kits."
)
_REQUIRED = ("Title", "Description", "Reward.1.Amount", "AssignmentDurationInSeconds")
_NUMBERS = ("AssignmentDurationInSeconds", "AutoApprovalDelayInSeconds")
_TEXTS = ("Title", "Description", "Keywords")
_REQUIREMENT = re.compile(r"QualificationRequirement\.([0-9]{1,4})\.(\w+)(?:\.([0-9]{1,4}))?(?:\.(\w+))?", re.ASCII)
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class NotAuthorized(TurkError):
    """Whoever calls is not who the key says; told about the request as a whole, with status 403."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__("NotAuthorized", message, code, 403)


def or_page(page: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A view: calls of the old API are answered here, everything else gets the page."""

    def view(request: HttpRequest) -> HttpResponse:
        return answer(request) if is_call(request) else page(request)

    return view


def is_call(request: HttpRequest) -> bool:
    """Whether this names the old service or an operation, in its address or as a form that was posted."""
    query = request.META.get("QUERY_STRING", "")
    return request.method in ("GET", "HEAD", "POST") and (
        any(f"{name}=" in query for name in ("Service", "Operation", "AWSAccessKeyId"))
        or (request.method == "POST" and request.content_type == "application/x-www-form-urlencoded")
    )


def answer(request: HttpRequest) -> HttpResponse:
    """Do what a call asks and answer it in XML."""
    request_id = str(uuid.uuid4())
    try:
        parameters = _parameters(request)
    except TurkError as error:
        return _response(_plain_error(error.code, error.message, request_id), request_id, status=400)
    if parameters.get("Operation") != OPERATION or parameters.get("Service", SERVICE) != SERVICE:
        return _response(_plain_error("Forbidden", CLOSED, request_id), request_id, status=403)
    result, status = etree.Element("RegisterHITTypeResult"), 200
    asked = etree.SubElement(result, "Request")
    try:
        hit_type_id = _register(parameters)
    except NotAuthorized as error:
        root = etree.Element("RegisterHITTypeResponse")
        _operation_request(root, request_id).append(_errors(error.code, error.message))
        return _response(root, request_id, status=error.status)
    except TurkError as error:
        # As ever: what is wrong with the operation is told inside its result, with status 200.
        status = error.status if isinstance(error, ServiceFault) else 200
        etree.SubElement(asked, "IsValid").text = "False"
        asked.append(_errors(error.code or "AWS.MechanicalTurk.InvalidParameterValue", error.message))
    else:
        etree.SubElement(asked, "IsValid").text = "True"
        etree.SubElement(result, "HITTypeId").text = hit_type_id
    if parameters.get("Version", CURRENT_VERSION) < CURRENT_VERSION:
        root = etree.Element("RegisterHITTypeResponse")
        _operation_request(root, request_id)
        root.append(result)
        return _response(root, request_id, status=status)
    return _response(result, request_id, status=status)


def signature(secret: str, operation: str, timestamp: str) -> str:
    """What a caller signs: base64 of HMAC-SHA1 over service, operation and timestamp."""
    signed = f"{SERVICE}{operation}{timestamp}".encode("utf-8", "replace")
    return base64.b64encode(hmac.digest(secret.encode(), signed, "sha1")).decode()


def _parameters(request: HttpRequest) -> dict[str, str]:
    """Those of the address and of the form; of a name given twice the last one counts."""
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MAX_API_BODY:
            raise RequestDataTooBig
        form = request.body.decode("utf-8", "replace") if request.method == "POST" else ""
        pairs = [
            pair
            for text in (request.META.get("QUERY_STRING", ""), form)
            for pair in parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
        ]
    except RequestDataTooBig:
        raise RequestError(
            f"The request is larger than {settings.MAX_API_BODY} bytes.", "AWS.ParameterOutOfRange"
        ) from None
    except (ValueError, UnreadablePostError):
        raise RequestError(
            f"The request cannot be read. It may have at most {MOST_PARAMETERS} parameters.", "AWS.ParameterOutOfRange"
        ) from None
    return dict(pairs)


def _register(parameters: Mapping[str, str]) -> str:
    """The id of the HIT type, made if it is new; TurkError where something is wrong."""
    requester = in_transaction(lambda: _requester(parameters), reads_only=True)
    missing = [name for name in _REQUIRED if not parameters.get(name) and not _in_short(parameters, name)]
    if missing:
        raise RequestError(
            f"Your request is missing required parameters. Required parameters include {', '.join(missing)}.",
            "AWS.MissingParameters",
        )
    given = validation.validate("CreateHITType", _as_request(parameters))
    return in_transaction(lambda: OPERATIONS["CreateHITType"](requester, given))["HITTypeId"]


def _requester(parameters: Mapping[str, str]) -> Requester:
    refused = NotAuthorized(
        "AWS.NotAuthorized", "The identity contained in the request is not authorized to use this AWSAccessKeyId"
    )
    key = parameters.get("AWSAccessKeyId", "")
    if not key:
        raise NotAuthorized(
            "AWS.MissingParameters",
            "Your request is missing required parameters. Required parameters include AWSAccessKeyId.",
        )
    if not sigv4.is_access_key_id(key):
        raise refused
    if not settings.STRICT:
        return Requester.for_key(key)
    timestamp, signed = parameters.get("Timestamp", ""), parameters.get("Signature", "")
    requester = Requester.objects.filter(access_key_id=key).first()
    if requester is None or not requester.secret_access_key:
        raise refused
    expected = signature(requester.secret_access_key, OPERATION, timestamp)
    # Base64 has no blanks: one here is a plus sign that was not percent-encoded.
    if not hmac.compare_digest(expected.encode(), signed.replace(" ", "+").encode("utf-8", "replace")):
        raise refused
    _check_time(timestamp)
    return requester


def _check_time(timestamp: str) -> None:
    """Within a quarter of an hour of the machine's clock: the signature covers nothing else that ever changes."""
    try:
        moment = datetime.datetime.fromisoformat(timestamp)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
        ahead = moment - datetime.datetime.now(datetime.UTC)
    except (ValueError, OverflowError):
        raise NotAuthorized(
            "AWS.BadClaimsSupplied", "The Timestamp must be a time in UTC such as 2026-01-31T23:59:59Z."
        ) from None
    if ahead < -SKEW:
        raise NotAuthorized("RequestExpired", f"Request has expired. Timestamp date is {timestamp}")
    if ahead > SKEW:
        raise NotAuthorized("AWS.BadClaimsSupplied", f"The Timestamp {timestamp} lies in the future.")


def _in_short(parameters: Mapping[str, str], name: str) -> str | None:
    """`Reward.1.Amount` was also written `Reward.Amount`."""
    return parameters.get(name.replace(".1.", "."))


def _as_request(parameters: Mapping[str, str]) -> dict[str, object]:
    """What CreateHITType is asked; texts and numbers as the old names say them."""
    request: dict[str, object] = {name: parameters[name] for name in _TEXTS if name in parameters}
    for name in _NUMBERS:
        if parameters.get(name):
            request[name] = _number(name, parameters[name])
    currency = parameters.get("Reward.1.CurrencyCode") or _in_short(parameters, "Reward.1.CurrencyCode") or "USD"
    if currency != "USD":
        raise ParameterValidationError(f"The value {currency[:20]} is invalid for CurrencyCode. It must be USD.")
    request["Reward"] = parameters.get("Reward.1.Amount") or _in_short(parameters, "Reward.1.Amount")
    requirements = _requirements(parameters)
    if requirements:
        request["QualificationRequirements"] = requirements
    return request


def _requirements(parameters: Mapping[str, str]) -> list[dict[str, object]]:
    """`QualificationRequirement.1.IntegerValue`, `….1.IntegerValue.2`, `….1.LocaleValue.2.Country` in their order."""
    found: dict[int, dict[str, object]] = {}
    integers: dict[int, dict[int, int]] = {}
    locales: dict[int, dict[int, dict[str, str]]] = {}
    for name, value in parameters.items():
        match = _REQUIREMENT.fullmatch(name)
        if match is None:
            continue
        number, member, position, part = int(match[1]), match[2], int(match[3] or 1), match[4]
        requirement = found.setdefault(number, {})
        if member == "IntegerValue" and not part:
            integers.setdefault(number, {})[position] = _number(name, value)
        elif member == "LocaleValue" and part in ("Country", "Subdivision"):
            locales.setdefault(number, {}).setdefault(position, {})[part] = value
        elif member == "RequiredToPreview":
            requirement[member] = value.lower() in ("true", "1")
        elif member in ("QualificationTypeId", "Comparator"):
            requirement[member] = value
    for number, values in integers.items():
        found[number]["IntegerValues"] = [values[position] for position in sorted(values)]
    for number, places in locales.items():
        found[number]["LocaleValues"] = [places[position] for position in sorted(places)]
    return [found[number] for number in sorted(found)]


def _number(name: str, value: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", value.strip(), re.ASCII):
        raise ParameterValidationError(f'The value "{value[:40]}" is not valid for the parameter {name}.')
    return int(value)


def _operation_request(root: etree._Element, request_id: str) -> etree._Element:
    part = etree.SubElement(root, "OperationRequest")
    etree.SubElement(part, "RequestId").text = request_id
    return part


def _errors(code: str, message: str) -> etree._Element:
    errors = etree.Element("Errors")
    told = etree.SubElement(errors, "Error")
    etree.SubElement(told, "Code").text = code
    etree.SubElement(told, "Message").text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", message)
    return errors


def _plain_error(code: str, message: str, request_id: str) -> etree._Element:
    root = etree.Element("Response")
    root.append(_errors(code, message))
    etree.SubElement(root, "RequestID").text = request_id
    return root


def _response(root: etree._Element, request_id: str, *, status: int) -> HttpResponse:
    body = b'<?xml version="1.0"?>\n' + etree.tostring(root, encoding="utf-8")
    response = HttpResponse(body, status=status, content_type="text/xml; charset=utf-8")
    response["x-amzn-RequestId"] = request_id
    response["X-Content-Type-Options"] = "nosniff"
    return response
