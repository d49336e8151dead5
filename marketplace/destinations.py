"""Where event documents may go, and bringing one there: SQS queues and SNS topics, through botocore.

A destination is a stranger's text, so it never decides which host is connected to. It has to name a queue or topic at
AWS, or a queue at the endpoint this process was given (AWS_ENDPOINT_URL_SQS), and only its region is taken from it.
Credentials are those of this process, from botocore's usual places.
"""

import functools
import re
import time
from typing import Any
from urllib.parse import SplitResult, urlsplit

import botocore.session
from botocore.config import Config
from botocore.configprovider import ConfiguredEndpointProvider
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

TRANSPORTS = ("SQS", "SNS")
LONGEST = 2048  # characters
CONNECT, READ = 3, 5  # seconds

_REGION = r"[a-z]{2}(?:-[a-z]+){1,3}-\d{1,2}"
_AWS_QUEUE_HOST = re.compile(rf"(?:sqs\.({_REGION})|({_REGION})\.queue|queue)\.amazonaws\.com(?:\.cn)?")
_QUEUE_PATH = re.compile(r"/[0-9A-Za-z]{1,32}/[A-Za-z0-9_-]{1,80}")
_TOPIC = re.compile(rf"arn:aws(?:-cn|-us-gov)?:sns:({_REGION}):[0-9A-Za-z]{{1,32}}:[A-Za-z0-9_-]{{1,256}}")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_USUAL_REGION = "us-east-1"
_PORTS = {"http": 80, "https": 443}


class BadDestination(ValueError):
    """A destination nothing can be sent to; the message says what one looks like."""


class Undelivered(Exception):
    """The document did not arrive; the message says why, in words that any requester may read."""


def check(transport: str, destination: str) -> None:
    """BadDestination unless events can be sent there as far as its form goes."""
    _region(transport, destination)


def deliver(transport: str, destination: str, body: str) -> None:
    """Bring one document there: returns once it was accepted, raises Undelivered otherwise. Takes up to 8 seconds."""
    try:
        region = _region(transport, destination)
        client = _client(transport.lower(), region)
        if transport == "SQS":
            client.send_message(QueueUrl=destination, MessageBody=body)
        else:
            # The subject is the time in milliseconds, as recorded.
            client.publish(TopicArn=destination, Message=body, Subject=str(time.time_ns() // 1_000_000))
    except BadDestination as error:
        raise Undelivered(str(error)) from None
    except (NoCredentialsError, PartialCredentialsError):
        _client.cache_clear()  # it would remember that there were none
        raise Undelivered("The marketplace has no AWS credentials to send it with.") from None
    except ClientError as error:
        said = error.response.get("Error", {})
        raise Undelivered(f"{transport} refused it: {said.get('Code')}: {said.get('Message')}") from None
    except BotoCoreError as error:
        # Not its text: that names hosts of the marketplace's own network.
        raise Undelivered(f"{transport} could not be reached ({type(error).__name__}).") from None


def _region(transport: str, destination: str) -> str:
    if transport not in TRANSPORTS:
        raise BadDestination(f"Notifications go to SQS or SNS; {transport[:20]} is not available here.")
    if len(destination) > LONGEST:
        raise BadDestination(f"The Destination has more than {LONGEST} characters.")
    if transport == "SNS":
        topic = _TOPIC.fullmatch(destination)
        if topic is None:
            raise BadDestination(
                "The Destination for SNS has to be the ARN of a topic, like "
                "arn:aws:sns:us-east-1:123456789012:my-topic."
            )
        return topic[1]
    return _queue_region(destination)


def _queue_region(destination: str) -> str:
    wrong = BadDestination(
        "The Destination for SQS has to be the URL of a queue, like "
        "https://sqs.us-east-1.amazonaws.com/123456789012/my-queue."
    )
    try:
        url = urlsplit(destination)
        origin = _origin(url)
    except ValueError:
        raise wrong from None
    # Put together again it has to be the same: no user, no query, no character the parser drops.
    if (
        not _QUEUE_PATH.fullmatch(url.path)
        or destination != f"{url.scheme}://{url.netloc}{url.path}"
        or "@" in url.netloc
    ):
        raise wrong
    aws = _AWS_QUEUE_HOST.fullmatch(url.netloc.removesuffix(":443"))
    if aws and url.scheme == "https":
        return aws[1] or aws[2] or _USUAL_REGION
    given = _given_endpoint()
    if given is None or origin != _origin(urlsplit(given)):
        raise wrong
    return _USUAL_REGION


def _given_endpoint() -> str | None:
    """The endpoint for SQS this process was given, by environment or AWS profile; asked without connecting anywhere."""
    session = botocore.session.Session()
    try:
        known, profile = session.full_config, session.get_scoped_config()
    except BotoCoreError:  # a profile that is not there
        known, profile = {}, {}
    return ConfiguredEndpointProvider(full_config=known, scoped_config=profile, client_name="sqs").provide()


def _origin(url: SplitResult) -> tuple[str, str, int | None]:
    host = url.hostname or ""
    return url.scheme, "loopback" if host in _LOOPBACK else host, url.port or _PORTS.get(url.scheme)


@functools.cache
def _client(service: str, region: str) -> Any:
    """One attempt per call: when to try again is the sender's affair. Clients serve any number of threads."""
    settings = Config(connect_timeout=CONNECT, read_timeout=READ, retries={"total_max_attempts": 1})
    return botocore.session.Session().create_client(service, region_name=region, config=settings)
