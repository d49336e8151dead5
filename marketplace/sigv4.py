"""AWS Signature Version 4, verified for real in strict mode and read for its access key otherwise.

Clients of every language are served: which headers are signed differs (boto3 signs the content type, PHP does not,
Ruby adds x-amz-content-sha256), so the signature is recomputed over exactly the headers the client names, with three
demands that keep a recorded request from being reused for another purpose: `host` and every `x-amz-…` header must be
signed, the body's own hash is always what is signed, and the date must be within 15 minutes of the machine's clock.
"""

import datetime
import email.utils
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from marketplace.errors import TurkError
from marketplace.service import SIGNING_NAME

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = datetime.timedelta(minutes=15)
_STAMP = "%Y%m%dT%H%M%SZ"
_ACCESS_KEY = re.compile(r"[\w+=.@-]{1,128}", re.ASCII)


@dataclass(frozen=True)
class Credential:
    """What an Authorization header says: AKID/20261121/us-east-1/mturk-requester/aws4_request, headers, signature."""

    access_key_id: str
    date: str
    region: str
    service: str
    terminator: str
    signed_headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{self.terminator}"


@dataclass(frozen=True)
class SignedRequest:
    """The parts of a request that a signature covers. `path` is as on the wire, still percent-encoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes


def missing_token(hint: str = "") -> TurkError:
    return TurkError(
        "MissingAuthenticationTokenException", " ".join(filter(None, ("Request is missing Authentication Token", hint)))
    )


def access_key_id(authorization: str) -> str:
    """The access key named in an Authorization header, whatever the signature: all that is asked when not strict."""
    if not authorization.strip():
        raise missing_token("(sign it with any access key and secret: each access key is a requester of its own)")
    found = re.search(r"Credential=([^/,]*)", authorization)
    if not found:
        raise _incomplete("Authorization header requires 'Credential' parameter.")
    return _well_formed(found.group(1))


def parse(authorization: str) -> Credential:
    """An Authorization header taken apart; AWS's errors where something is missing."""
    if not authorization.strip():
        raise missing_token()
    algorithm, _, rest = authorization.strip().partition(" ")
    if algorithm != ALGORITHM:
        raise _incomplete(f"Authorization header requires the algorithm {ALGORITHM}.")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    absent = [name for name in ("Credential", "Signature", "SignedHeaders") if not parts.get(name)]
    if absent:
        raise _incomplete(" ".join(f"Authorization header requires '{name}' parameter." for name in absent))
    scope = parts["Credential"].split("/")
    if len(scope) != 5:
        raise _incomplete("Credential must have 5 slash-delimited elements, e.g. keyid/date/region/service/term.")
    return Credential(
        access_key_id=_well_formed(scope[0]),
        date=scope[1],
        region=scope[2],
        service=scope[3],
        terminator=scope[4],
        signed_headers=tuple(parts["SignedHeaders"].lower().split(";")),
        signature=parts["Signature"],
    )


def verify(request: SignedRequest, secret_for: Callable[[str], str | None], now: datetime.datetime) -> str:
    """The access key that signed the request, or the error AWS gives. `secret_for` answers None for an unknown key."""
    credential = parse(request.headers.get("authorization", ""))
    moment, stamp = _signing_time(request.headers)
    _check_scope(credential, stamp)
    to_be_signed = {"host", *(name for name in request.headers if name.startswith("x-amz-"))}
    unsigned = sorted(to_be_signed.difference(credential.signed_headers))
    if unsigned:
        raise _mismatch(f"'{unsigned[0]}' must be a 'SignedHeader' in the AWS Authorization.")
    absent = [name for name in credential.signed_headers if name not in request.headers]
    if absent:
        raise _mismatch("A header named in 'SignedHeaders' is not in the request.")
    secret = secret_for(credential.access_key_id)
    if not secret:
        raise TurkError("UnrecognizedClientException", "The security token included in the request is invalid.")
    _check_skew(moment, stamp, now)
    stated = request.headers.get("x-amz-content-sha256")
    digest = hashlib.sha256(request.body).hexdigest()
    expected = signature(secret, credential, canonical(request, credential.signed_headers, stated or digest), stamp)
    genuine = hmac.compare_digest(expected.encode(), credential.signature.encode("utf-8", "replace"))
    # A signed statement of another body's hash would let anybody put another body under an old signature.
    if not genuine or (stated is not None and stated != digest):
        raise _mismatch(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details."
        )
    return credential.access_key_id


def canonical(request: SignedRequest, signed_headers: tuple[str, ...], payload_hash: str) -> str:
    """The canonical request of the SigV4 specification."""
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in signed_headers)
    return "\n".join(
        (
            request.method,
            quote(_without_dots(request.path), safe="/-_.~"),
            _canonical_query(request.query),
            headers,
            ";".join(signed_headers),
            payload_hash,
        )
    )


def signature(secret: str, credential: Credential, canonical_request: str, stamp: str) -> str:
    """Lower-case hexadecimal signature for a canonical request."""
    digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    to_sign = "\n".join((ALGORITHM, stamp, credential.scope, digest))
    key = ("AWS4" + secret).encode()
    for part in (credential.date, credential.region, credential.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


def is_access_key_id(key: str) -> bool:
    """Whether this can be an access key at all."""
    return _ACCESS_KEY.fullmatch(key) is not None


def _well_formed(key: str) -> str:
    if not is_access_key_id(key):
        raise TurkError("UnrecognizedClientException", "The security token included in the request is invalid.")
    return key


def _incomplete(message: str) -> TurkError:
    return TurkError("IncompleteSignatureException", message)


def _mismatch(message: str) -> TurkError:
    return TurkError("InvalidSignatureException", message)


def _signing_time(headers: Mapping[str, str]) -> tuple[datetime.datetime, str]:
    given = headers.get("x-amz-date")
    try:
        if given is not None:
            moment = datetime.datetime.strptime(given, _STAMP).replace(tzinfo=datetime.UTC)
        elif "date" in headers:
            moment = email.utils.parsedate_to_datetime(headers["date"]).astimezone(datetime.UTC)
        else:
            raise _incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    except (ValueError, OverflowError):
        raise _incomplete("Date must be in ISO-8601 'basic format', e.g. 20261121T235959Z.") from None
    return moment, moment.strftime(_STAMP)


def _check_scope(credential: Credential, stamp: str) -> None:
    if credential.terminator != "aws4_request":
        raise _mismatch("Credential should be scoped with a valid terminator: 'aws4_request'.")
    if credential.service != SIGNING_NAME:
        raise _mismatch(f"Credential should be scoped to correct service: '{SIGNING_NAME}'.")
    if credential.date != stamp[:8]:
        raise _mismatch("Credential should be scoped to the date of the request.")


def _check_skew(moment: datetime.datetime, stamp: str, now: datetime.datetime) -> None:
    now_stamp = now.strftime(_STAMP)
    if moment < now - SKEW:
        raise _mismatch(
            f"Signature expired: {stamp} is now earlier than {(now - SKEW).strftime(_STAMP)} ({now_stamp} - 15 min.)"
        )
    if moment > now + SKEW:
        raise _mismatch(
            f"Signature not yet current: {stamp} is still later than {(now + SKEW).strftime(_STAMP)} "
            f"({now_stamp} + 15 min.)"
        )


def _without_dots(path: str) -> str:
    """RFC 3986 dot segments removed, as signers do: /a/./b/../c is /a/c."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if kept:
                kept.pop()
        elif segment not in ("", "."):
            kept.append(segment)
    ending = "/" if kept and path.endswith("/") else ""
    return "/" + "/".join(kept) + ending


def _canonical_query(query: str) -> str:
    pairs = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((quote(unquote_to_bytes(name), safe="-_.~"), quote(unquote_to_bytes(value), safe="-_.~")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
