"""The only module that speaks to MTurk: a client per account, pages, and errors typed by what to do next.

No database in here: functions take an Account that is already loaded and may run in pool threads.
"""

import math
import os
import threading
from collections.abc import Hashable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from itertools import islice
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import boto3
import botocore
import botocore.session
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError
from botocore.utils import get_environ_proxies
from django.conf import settings

from dashboard import wire
from dashboard.keys import Undecipherable
from dashboard.models import Account, Credentials, Environment

AWS_ENDPOINTS = {
    Environment.SANDBOX: "https://mturk-requester-sandbox.us-east-1.amazonaws.com",
    Environment.PRODUCTION: "https://mturk-requester.us-east-1.amazonaws.com",
}
#: Of a list that always has another page: HITs of an account, and rows of one of many lists, by the hundred.
MOST_PAGES, MOST_PAGES_OF_ONE = 50_000, 2_000
#: Kept at a time: a reading and a writing one for each of so many accounts.
MOST_CLIENTS = 100

Key = TypeVar("Key", bound=Hashable)


class MTurkError(Exception):
    """A call that did not succeed. `code` is the TurkErrorCode or the error's type; `message` is MTurk's sentence."""

    def __init__(self, message: str, code: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.request_id = request_id


class Temporary(MTurkError):
    """Nothing was done and the same call may succeed later."""


class Throttled(Temporary):
    """Too many calls a second."""


class ServerFault(Temporary):
    """The server failed (5xx). Repeating is right only where a repeat is harmless."""


class Refused(Temporary):
    """Nothing will succeed for this account until a person repairs it: wrong endpoint, refused key, dead service."""


class Unknown(MTurkError):
    """No answer after the request may have left: it may have been done."""


class Permanent(MTurkError):
    """MTurk understood and said no."""


_REFUSALS = {
    "UnrecognizedClientException": "The access key is not known to this endpoint. Check the key in the settings.",
    "InvalidClientTokenId": "The access key is not known to this endpoint. Check the key in the settings.",
    "InvalidSignatureException": "The secret key does not belong to the access key. Enter it again in the settings.",
    "SignatureDoesNotMatch": "The secret key does not belong to the access key. Enter it again in the settings.",
    "IncompleteSignatureException": "The endpoint could not read our signature. Check endpoint and region.",
    "MissingAuthenticationTokenException": "The endpoint wants credentials. Enter them in the settings.",
    "ExpiredTokenException": "The temporary credentials have expired. Renew them.",
    "AccessDeniedException": "These credentials may not do this. Ask the owner of the AWS account for the permission.",
    "AWS.AccountNotLinked": "This AWS account is not linked to a requester account.",
}
NOT_THE_API = "The endpoint answers, but does not speak the MTurk API. Check its address."
_THROTTLES = {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}


def _timestamp(value: Any) -> datetime | None:
    """Times as plain UTC, None for what is none, so that one bad member does not cost the whole page.

    botocore's own parser spends three quarters of a page's time in dateutil's time zones.
    """
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        pass
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _storable(value: Any) -> Any:
    """An answer in characters and numbers a database takes: no NUL, no half of a pair, no number that is none."""
    if isinstance(value, str):
        if value.isascii():
            return value.replace("\0", "\ufffd") if "\0" in value else value
        return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_storable(name): _storable(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_storable(member) for member in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True)
class _Identity:
    """What a client depends on; another value means another client."""

    account_id: int | None
    endpoint_url: str
    region: str
    credentials: str
    reference: str
    access_key_id: str
    secret_encrypted: str


_clients: dict[tuple[_Identity, bool], Any] = {}  # the oldest first
_clients_lock = threading.Lock()


def endpoint_of(account: Account) -> str:
    if account.endpoint_url:
        return account.endpoint_url
    if account.environment == Environment.MARKETPLACE:
        return settings.MARKETPLACE_URL
    return AWS_ENDPOINTS[Environment(account.environment)]


def _session(profile: str | None = None) -> botocore.session.Session:
    session = botocore.session.Session(profile=profile)
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_timestamp)
    return session


@cache
def _shared_session() -> boto3.Session:
    """For accounts whose keys we hold: a session parses megabytes of service models, and needs to do so once."""
    return boto3.Session(botocore_session=_session())


def _keys(account: Account) -> tuple[str, str]:
    """The access key and the secret of an account that has its own."""
    if account.credentials == Credentials.KEYS:
        if not (account.access_key_id and account.secret_encrypted):
            raise Refused("No access key is stored for this account. Enter it in the settings.", "NoCredentials")
        return account.access_key_id, account.secret_access_key
    names = [account.credentials_reference + name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]
    key, secret = (os.environ.get(name, "") for name in names)
    if not (key and secret):
        raise Refused(f"{' and '.join(names)} are not set in the environment of the server.", "NoCredentials")
    return key, secret


def _client(account: Account, **options: Any) -> Any:
    if account.credentials in (Credentials.KEYS, Credentials.ENVIRONMENT):
        key, secret = _keys(account)
        return _shared_session().client("mturk", aws_access_key_id=key, aws_secret_access_key=secret, **options)
    session = _session(account.credentials_reference if account.credentials == Credentials.PROFILE else None)
    if account.credentials == Credentials.ROLE:
        base = botocore.session.Session()
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=base.create_client,
            source_credentials=base.get_credentials(),
            role_arn=account.credentials_reference,
            extra_args={"RoleSessionName": "hitdesk"},
        )
        session._credentials = DeferredRefreshableCredentials(
            method="assume-role", refresh_using=fetcher.fetch_credentials
        )
    return boto3.Session(botocore_session=session).client("mturk", **options)


def client_for(account: Account, *, write: bool) -> Any:
    """The boto3 client of an account; one per process and purpose.

    Writes are never repeated by botocore: the command's row owns that decision, and two policies would multiply.
    """
    identity = _Identity(
        account.pk,
        endpoint_of(account),
        account.region,
        account.credentials,
        account.credentials_reference,
        account.access_key_id,
        account.secret_encrypted,
    )
    with _clients_lock:
        client = _clients.get((identity, write))
        if client is None:
            retries: Any = {"total_max_attempts": 1} if write else {"mode": "standard", "total_max_attempts": 4}
            try:
                client = _client(
                    account,
                    endpoint_url=identity.endpoint_url,
                    region_name=identity.region,
                    config=Config(
                        retries=retries,
                        connect_timeout=settings.MTURK_CONNECT_TIMEOUT,
                        read_timeout=settings.MTURK_READ_TIMEOUT,
                        max_pool_connections=settings.MTURK_CONNECTIONS,
                        tcp_keepalive=True,
                        # Ours as a whole: botocore would put its own together anew, twice for each call.
                        user_agent=f"hitdesk Boto3/{boto3.__version__} Botocore/{botocore.__version__}",
                    ),
                )
                _send_by_wire(client)
            except Undecipherable as error:
                raise Refused(str(error), "Undecipherable") from error
            except (ProfileNotFound, BotoCoreError, ValueError) as error:
                raise Refused(f"A connection could not be prepared: {error}", type(error).__name__) from error
            # Those of settings that were changed are not needed any more, and each holds megabytes and connections.
            while len(_clients) >= MOST_CLIENTS:
                del _clients[next(iter(_clients))]
            _clients[identity, write] = client
    return client


def _send_by_wire(client: Any) -> None:
    """Where there is neither TLS nor a proxy on the way, calls go over connections of our own: see dashboard.wire."""
    there, options = urlsplit(client.meta.endpoint_url), client.meta.config
    if there.scheme != "http" or not there.hostname or options.proxies or get_environ_proxies(client.meta.endpoint_url):
        return
    host = there.netloc.rpartition("@")[2].removesuffix(":80")
    connections = wire.Connections(
        there.hostname,
        there.port or 80,
        connect_timeout=options.connect_timeout,
        read_timeout=options.read_timeout,
    )

    def send(request: Any, **kwargs: Any) -> AWSResponse:
        parts = urlsplit(request.url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        headers = [("Host", host), ("Accept-Encoding", "identity"), *request.headers.items()]
        try:
            status, said, body = connections.post(target, headers, request.body or b"")
        except wire.NotSent as error:
            reason = ConnectTimeoutError if isinstance(error.__cause__, TimeoutError) else EndpointConnectionError
            raise reason(endpoint_url=request.url, error=error) from error
        except wire.NoAnswerInTime as error:
            raise ReadTimeoutError(endpoint_url=request.url, error=error) from error
        except wire.NoAnswer as error:
            raise ConnectionClosedError(endpoint_url=request.url, request=request, error=error) from error
        return AWSResponse(request.url, status, dict(said.items()), _Whole(body))

    client.meta.events.register("before-send.mturk", send)


class _Whole:
    """A body that is here already, as botocore reads one."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self) -> list[bytes]:
        return [self.body]


def call(account: Account, operation: str, params: dict[str, Any], *, write: bool) -> tuple[dict[str, Any], str]:
    """Call one operation. Returns the answer without its metadata, and the request id.

    Raises Temporary, ServerFault, Refused, Unknown or Permanent; see their docstrings.
    """
    client = client_for(account, write=write)
    try:
        response = getattr(client, xform_name(operation))(**params)
    except ClientError as error:
        raise _typed(error) from error
    except (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError) as error:
        raise Refused(
            f"Nothing answers at {endpoint_of(account)}. Check the endpoint, or start the service.", "NoConnection"
        ) from error
    except SSLError as error:
        raise Refused(f"No secure connection to {endpoint_of(account)}: {error}", "SSLError") from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise Refused(f"No usable credentials: {error}", "NoCredentials") from error
    except ParamValidationError as error:
        raise Permanent(str(error), "ParamValidationError") from error
    except ResponseParserError as error:
        if not write:
            raise Refused(NOT_THE_API, "ResponseParserError") from error
        raise Unknown(f"No readable answer: {error}", "ResponseParserError") from error
    except BotoCoreError as error:
        # Closed, reset or timed out after the request may have left; or an answer that cannot be read.
        raise Unknown(f"No answer: {error}", type(error).__name__) from error
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError) as error:
        # botocore met JSON that is not shaped like an answer.
        if not write:
            raise Permanent("The answer is not shaped like one of the MTurk API", "UnreadableAnswer") from error
        raise Unknown(f"No readable answer: {error}", type(error).__name__) from error
    metadata = response.pop("ResponseMetadata", {})
    return _storable(response), str(metadata.get("RequestId", ""))


def clock_difference(account: Account) -> timedelta | None:
    """How far the endpoint's clock is ahead of ours, as its Date header tells (whole seconds); None where it tells
    nothing. Raises what `call` does."""
    call(account, "GetAccountBalance", {}, write=False)
    try:
        answer = client_for(account, write=False).get_account_balance()
        said = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    except (ClientError, BotoCoreError, KeyError, ValueError):
        return None
    return said.astimezone(UTC) - datetime.now(UTC)


def _typed(error: ClientError) -> MTurkError:
    details = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    kind = details.get("Code", "")
    message = _storable(str(error.response.get("Message") or details.get("Message") or error))
    code = error.response.get("TurkErrorCode") or kind
    request_id = metadata.get("RequestId", "")
    status = metadata.get("HTTPStatusCode", 0)
    if kind in _THROTTLES or status == 429:
        return Throttled(message, code, request_id)
    for refusal in (kind, code):
        if refusal in _REFUSALS:
            return Refused(_REFUSALS[refusal], refusal, request_id)
    if status >= 500 or kind == "ServiceFault":
        return ServerFault(message, code, request_id)
    # A code that is a bare HTTP status: whatever answered, it was not the API.
    if kind.isdigit() or kind == "UnknownOperationException":
        return Refused(NOT_THE_API, code, request_id)
    return Permanent(message, code, request_id)


def pages(account: Account, operation: str, params: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Every page of a List operation; follows NextToken whatever a page holds (MTurk gives tokens with short pages)."""
    token: str | None = None
    seen: set[str] = set()
    while len(seen) < MOST_PAGES:
        request = {"MaxResults": 100, **(params or {})}
        if token:
            request["NextToken"] = token
        response, _ = call(account, operation, request, write=False)
        yield response
        token = _following(response)
        if not token:
            return
        if token in seen:
            break
        seen.add(token)
    raise _endless(operation)


def _following(response: dict[str, Any]) -> str | None:
    """The token of the page behind this one. MTurk's lists end with an empty page; so do the marketplace's, whose token
    says by its first word that nothing else comes: one call less for each list.
    """
    token = response.get("NextToken")
    return None if isinstance(token, str) and token.startswith("end:") else token


def _endless(operation: str) -> Permanent:
    return Permanent(f"{operation} repeats its pages; the list cannot be read to its end", "RepeatedToken")


@dataclass(frozen=True)
class Page(Generic[Key]):
    """One page of one of many lists; or the error that ended that list. `last` is True on the page that ends it."""

    key: Key
    response: dict[str, Any]
    last: bool
    error: Permanent | None = None


def pages_of_many(
    account: Account, operation: str, requests: Iterable[tuple[Key, dict[str, Any]]]
) -> Iterator[Page[Key]]:
    """Read many lists side by side, in a pool of connections, holding only a few pages at a time.

    Pages of one list come in order; lists come as they answer. Refused, Temporary and Unknown end everything.
    """
    remaining = iter(requests)
    running: dict[Future[dict[str, Any]], tuple[Key, dict[str, Any], frozenset[str]]] = {}

    def fetch(params: dict[str, Any]) -> dict[str, Any]:
        return call(account, operation, {"MaxResults": 100, **params}, write=False)[0]

    with ThreadPoolExecutor(settings.MTURK_CONNECTIONS, thread_name_prefix="mturk") as pool:
        while True:
            for key, params in islice(remaining, settings.MTURK_CONNECTIONS - len(running)):
                running[pool.submit(fetch, params)] = (key, params, frozenset())
            if not running:
                return
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                key, params, seen = running.pop(future)
                try:
                    response = future.result()
                except Permanent as error:
                    yield Page(key, {}, last=True, error=error)
                    continue
                token = _following(response)
                if not token:
                    yield Page(key, response, last=True)
                    continue
                if token in seen or len(seen) >= MOST_PAGES_OF_ONE:
                    yield Page(key, response, last=False)
                    yield Page(key, {}, last=True, error=_endless(operation))
                    continue
                following = {**params, "NextToken": token}
                running[pool.submit(fetch, following)] = (key, following, seen | {token})
                yield Page(key, response, last=False)
