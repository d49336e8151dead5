"""SQS queues and SNS topics to test with, and HIT types whose events go there."""

import contextlib
import time
import uuid
from collections.abc import Iterator

import boto3

from tests.marketplace.making import HTML, KIND

ALL = [
    *(f"Assignment{what}" for what in ("Accepted", "Abandoned", "Returned", "Submitted", "Rejected", "Approved")),
    *(f"HIT{what}" for what in ("Created", "Extended", "Disposed", "Reviewable", "Expired")),
]
KEYS = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret"}


class Aws:
    """SQS and SNS, running on this machine."""

    def __init__(self, url):
        self.url = url
        self.sqs, self.sns = (
            boto3.client(
                name, endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
            )
            for name in ("sqs", "sns")
        )

    def queue(self):
        return self.sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex}")["QueueUrl"]

    def topic(self, queue):
        """A topic whose messages go to the queue."""
        topic = self.sns.create_topic(Name=f"t-{uuid.uuid4().hex}")["TopicArn"]
        arn = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return topic

    def received(self, queue, count, seconds=15.0):
        """The bodies of that many messages; fewer when they do not come in time."""
        bodies = []
        deadline = time.monotonic() + seconds
        while len(bodies) < count and time.monotonic() < deadline:
            for message in self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
                bodies.append(message["Body"])
                self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            time.sleep(0.05)
        return bodies


@contextlib.contextmanager
def aws_here() -> Iterator[Aws]:
    """Run SQS and SNS on this machine until the block ends."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Aws(f"http://{host}:{port}")
    finally:
        server.stop()


def specification(destination, *events, transport="SQS"):
    return {
        "Destination": destination,
        "Transport": transport,
        "Version": "2014-08-15",
        "EventTypes": list(events) or ALL,
    }


def hit_type(mturk, **changes):
    return mturk.create_hit_type(**{**KIND, "Title": f"Notified {uuid.uuid4().hex}", **changes})["HITTypeId"]


def typed_hit(mturk, type_id, **changes):
    wanted = {"HITTypeId": type_id, "LifetimeInSeconds": 3600, "MaxAssignments": 1, "Question": HTML, **changes}
    return mturk.create_hit_with_hit_type(**wanted)["HIT"]
