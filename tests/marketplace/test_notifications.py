"""Notifications: what happens to HITs reaches a real SQS queue and SNS topic, and nothing else is ever connected to."""

import json
import re
import time
from datetime import UTC

import pytest

from marketplace import destinations
from tests import servers
from tests.marketplace.making import do, invalid, new_hit, refused
from tests.marketplace.queues import KEYS, aws_here, hit_type, specification, typed_hit
from tests.marketplace.reviewing import gold, worker

REAL_QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/answers"
REAL_TOPIC = "arn:aws:sns:us-east-1:123456789012:answers"


@pytest.fixture(scope="module")
def aws():
    with aws_here() as running:
        yield running


@pytest.fixture(scope="module")
def marketplace(aws, tmp_path_factory):
    """A marketplace whose SQS and SNS are those of `aws`."""
    env = {"AWS_ENDPOINT_URL_SQS": aws.url, "AWS_ENDPOINT_URL_SNS": aws.url, **KEYS}
    with servers.marketplace(tmp_path_factory.mktemp("notified"), env=env) as running:
        yield running


def events(bodies):
    return [event for body in bodies for event in json.loads(body)["Events"]]


def test_a_document_is_what_was_recorded_of_mturk(mturk, control, aws):
    queue, type_id = aws.queue(), hit_type(mturk)
    mturk.update_notification_settings(HITTypeId=type_id, Notification=specification(queue, "AssignmentSubmitted"))
    hit = typed_hit(mturk, type_id)
    assignment = do(control, hit, worker("SEEN"))
    (body,) = aws.received(queue, 1)
    document = json.loads(body)
    assert body == json.dumps(document, separators=(",", ":"))
    assert list(document) == ["Events", "EventDocId", "SourceAccount", "CustomerId", "EventDocVersion"]
    (event,) = document["Events"]
    assert list(event) == ["EventType", "EventTimestamp", "HITId", "AssignmentId", "HITTypeId"]
    submitted = mturk.get_assignment(AssignmentId=assignment)["Assignment"]["SubmitTime"]
    assert event == {
        "EventType": "AssignmentSubmitted",
        "EventTimestamp": submitted.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "HITId": hit["HITId"],
        "AssignmentId": assignment,
        "HITTypeId": type_id,
    }
    assert re.fullmatch("[0-9a-f]{40}", document["EventDocId"])
    assert re.fullmatch(r"\d{12}", document["SourceAccount"])
    assert re.fullmatch("A[A-Z0-9]{10,13}", document["CustomerId"])
    assert document["EventDocVersion"] == "2014-08-15"


def test_every_event_is_told_once(mturk, control, aws):
    queue, type_id = aws.queue(), hit_type(mturk, AutoApprovalDelayInSeconds=3600)
    mturk.update_notification_settings(HITTypeId=type_id, Notification=specification(queue))
    hit = typed_hit(mturk, type_id, MaxAssignments=3)
    accept = {"HITId": hit["HITId"], "WorkerId": worker("RETURNS")}
    returned = control.post("accept", accept)["AssignmentId"]
    control.post("return", {"AssignmentId": returned})
    abandoned = control.post("accept", accept)["AssignmentId"]
    approved, rejected = do(control, hit, worker("YES")), do(control, hit, worker("NO"))
    mturk.reject_assignment(AssignmentId=rejected, RequesterFeedback="r")
    mturk.create_additional_assignments_for_hit(HITId=hit["HITId"], NumberOfAdditionalAssignments=1)
    control.advance(4000)  # abandoned, expired and so reviewable, approved by time
    mturk.delete_hit(HITId=hit["HITId"])
    told = [(event["EventType"], event.get("AssignmentId")) for event in events(aws.received(queue, 15))]
    assert sorted(told, key=str) == sorted(
        [
            ("HITCreated", None),
            ("AssignmentAccepted", returned),
            ("AssignmentReturned", returned),
            ("AssignmentAccepted", abandoned),
            ("AssignmentAbandoned", abandoned),
            ("AssignmentAccepted", approved),
            ("AssignmentSubmitted", approved),
            ("AssignmentAccepted", rejected),
            ("AssignmentSubmitted", rejected),
            ("AssignmentRejected", rejected),
            ("HITExtended", None),
            ("HITExpired", None),
            ("HITReviewable", None),
            ("AssignmentApproved", approved),
            ("HITDisposed", None),
        ],
        key=str,
    )
    assert aws.received(queue, 1, seconds=2) == []


def test_only_the_events_asked_for_of_that_hit_type_while_it_is_active(mturk, control, aws):
    queue, type_id = aws.queue(), hit_type(mturk)
    mturk.update_notification_settings(HITTypeId=type_id, Notification=specification(queue, "HITReviewable"))
    mturk.update_notification_settings(HITTypeId=type_id, Active=False)
    silent = typed_hit(mturk, type_id)
    do(control, silent, worker("SILENT"))
    do(control, new_hit(mturk), worker("OTHER"))
    mturk.update_notification_settings(HITTypeId=type_id, Active=True)
    told = typed_hit(mturk, type_id)
    do(control, told, worker("TOLD"))
    assert [(event["EventType"], event["HITId"]) for event in events(aws.received(queue, 2, seconds=2.5))] == [
        ("HITReviewable", told["HITId"])
    ]


def test_a_hit_its_policy_extends_is_told_as_extended_and_not_as_reviewable(mturk, control, aws):
    queue, type_id = aws.queue(), hit_type(mturk)
    mturk.update_notification_settings(
        HITTypeId=type_id, Notification=specification(queue, "HITReviewable", "HITExtended", "AssignmentRejected")
    )
    policy = gold({"q": ["a"]}, RejectIfKnownAnswerScoreIsLessThan=50, ExtendIfKnownAnswerScoreIsLessThan=50)
    hit = typed_hit(mturk, type_id, AssignmentReviewPolicy=policy)
    do(control, hit, worker("WRONG"), q="b")
    told = [event["EventType"] for event in events(aws.received(queue, 3, seconds=2.5))]
    assert sorted(told) == ["AssignmentRejected", "HITExtended"]


def test_a_new_specification_replaces_the_old_one(mturk, control, aws):
    before, after, type_id = aws.queue(), aws.queue(), hit_type(mturk)
    mturk.update_notification_settings(HITTypeId=type_id, Notification=specification(before, "AssignmentAccepted"))
    mturk.update_notification_settings(HITTypeId=type_id, Notification=specification(after, "AssignmentSubmitted"))
    do(control, typed_hit(mturk, type_id), worker("REPLACED"))
    assert [event["EventType"] for event in events(aws.received(after, 1))] == ["AssignmentSubmitted"]
    assert aws.received(before, 1, seconds=1.5) == []


def test_a_topic_gets_the_same_document_with_the_time_as_its_subject(mturk, control, aws):
    queue, type_id = aws.queue(), hit_type(mturk)
    topic = aws.topic(queue)
    wanted = specification(topic, "AssignmentAccepted", transport="SNS") | {"Version": "2006-05-05"}
    mturk.update_notification_settings(HITTypeId=type_id, Notification=wanted)
    hit = typed_hit(mturk, type_id)
    do(control, hit, worker("TOPIC"))
    (envelope,) = (json.loads(body) for body in aws.received(queue, 1))
    assert (envelope["Type"], envelope["TopicArn"]) == ("Notification", topic)
    assert abs(int(envelope["Subject"]) / 1000 - time.time()) < 60
    document = json.loads(envelope["Message"])
    assert document["EventDocVersion"] == "2014-08-15"
    assert [event["HITId"] for event in document["Events"]] == [hit["HITId"]]


def test_what_was_undone_is_never_told(mturk, control, aws):
    queue, type_id = aws.queue(), hit_type(mturk, Reward="9000.00")
    mturk.update_notification_settings(HITTypeId=type_id, Notification=specification(queue, "HITCreated"))
    with refused("InsufficientFunds"):
        typed_hit(mturk, type_id)
    assert aws.received(queue, 1, seconds=2) == []


@pytest.mark.parametrize("event", ["Ping", "AssignmentApproved", "HITReviewable"])
def test_a_test_event_arrives_before_the_call_returns(mturk, aws, event):
    queue = aws.queue()
    mturk.send_test_event_notification(Notification=specification(queue, "HITCreated"), TestEventType=event)
    (body,) = aws.received(queue, 1, seconds=0.5)
    (told,) = json.loads(body)["Events"]
    assert told["EventType"] == event
    assert ("AssignmentId" in told) == event.startswith("Assignment")
    assert {"HITId", "HITTypeId", "EventTimestamp"} <= set(told)


def test_a_test_event_may_name_ping_among_its_events_and_go_to_a_topic(mturk, aws):
    queue = aws.queue()
    topic = specification(aws.topic(queue), "Ping", transport="SNS")
    mturk.send_test_event_notification(Notification=topic, TestEventType="Ping")
    assert json.loads(aws.received(queue, 1)[0])["Type"] == "Notification"


def test_a_test_event_that_does_not_arrive_is_an_error_that_says_why(mturk, aws):
    nowhere = f"{aws.url}/123456789012/not-there"
    with refused(
        "InvalidTransportEndpoint", "^The test notification was not delivered. SQS refused it: .*NonExistentQueue"
    ):
        mturk.send_test_event_notification(Notification=specification(nowhere), TestEventType="Ping")
    with refused("InvalidTransportEndpoint", "SNS refused it: NotFound"):
        mturk.send_test_event_notification(
            Notification=specification(REAL_TOPIC, transport="SNS"), TestEventType="Ping"
        )


@pytest.mark.parametrize(
    ("transport", "destination"),
    [
        ("SQS", "http://169.254.169.254/latest/meta-data"),
        ("SQS", "http://169.254.169.254/123456789012/queue"),
        ("SQS", "https://evil.example.org/123456789012/queue"),
        ("SQS", "http://sqs.us-east-1.amazonaws.com/123456789012/queue"),
        ("SQS", "https://sqs.us-east-1.amazonaws.com.evil.example.org/123456789012/queue"),
        ("SQS", "https://sqs.us-east-1.amazonaws.com@evil.example.org/123456789012/queue"),
        ("SQS", "https://evil.example.org#sqs.us-east-1.amazonaws.com/123456789012/queue"),
        ("SQS", "https://sqs.us-east-1.amazonaws.com/123456789012/queue?x=1"),
        ("SQS", "https://sqs.us-east-1.amazonaws.com/123456789012/../queue"),
        ("SQS", "https://sqs.us-east-1.amazonaws.com/123456789012/queue.fifo"),
        ("SQS", "https://sqs.US-EAST-1.amazonaws.com/123456789012/queue"),
        ("SQS", "https://sqs.a/b.amazonaws.com/123456789012/queue"),
        ("SQS", "https://[::1/123456789012/queue"),
        ("SQS", "https://sqs.us-east-1.amazonaws.com:8443/123456789012/queue"),
        ("SQS", "https://sqs.us-east-1.amazonaws.com:99999/123456789012/queue"),
        ("SQS", "file:///etc/passwd"),
        ("SQS", REAL_TOPIC),
        ("SQS", REAL_QUEUE + "\n"),
        ("SQS", "https://sqs.us-east-1.amazonaws.com/123456789012/" + "q" * 3000),
        ("SQS", ""),
        ("SNS", REAL_QUEUE),
        ("SNS", "arn:aws:sqs:us-east-1:123456789012:queue"),
        ("SNS", "arn:aws:sns:evil.example.org/:123456789012:topic"),
        ("SNS", REAL_TOPIC + "\n"),
        ("Email", "somebody@example.org"),
    ],
)
def test_a_destination_that_is_neither_a_queue_nor_a_topic_is_refused(mturk, transport, destination):
    type_id, wanted = hit_type(mturk), specification(destination, transport=transport)
    with refused("InvalidTransportEndpoint", "Destination|SQS or SNS"):
        mturk.update_notification_settings(HITTypeId=type_id, Notification=wanted)
    with refused("InvalidTransportEndpoint", "Destination|SQS or SNS"):
        mturk.send_test_event_notification(Notification=wanted, TestEventType="Ping")
    with invalid("has no notification specification yet"):
        mturk.update_notification_settings(HITTypeId=type_id, Active=True)


@pytest.mark.parametrize(
    "destination",
    [
        REAL_QUEUE,
        "https://sqs.us-east-1.amazonaws.com:443/123456789012/answers",
        "https://queue.amazonaws.com/123456789012/answers",
        "https://eu-central-1.queue.amazonaws.com/123456789012/answers_2-x",
        "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/answers",
        "https://sqs.us-gov-west-1.amazonaws.com/123456789012/answers",
    ],
)
def test_queues_at_aws_are_taken(monkeypatch, destination):
    monkeypatch.delenv("AWS_ENDPOINT_URL_SQS", raising=False)
    destinations.check("SQS", destination)


def test_settings_need_a_specification_or_an_active_and_their_own_hit_type(mturk, marketplace):
    type_id = hit_type(mturk)
    with invalid("Either the Notification parameter or the Active parameter must be specified"):
        mturk.update_notification_settings(HITTypeId=type_id)
    for client in (mturk, marketplace.client("AKIASTRANGER")):
        other = "3NOSUCHTYPE" if client is mturk else type_id
        with invalid(f'The value "{other}" is not valid for the parameter HITTypeId'):
            client.update_notification_settings(HITTypeId=other, Notification=specification(REAL_QUEUE))


def test_versions_and_event_types(mturk, wire):
    type_id = hit_type(mturk)

    def update(**changes):
        mturk.update_notification_settings(HITTypeId=type_id, Notification=specification(REAL_QUEUE) | changes)

    with invalid('The value "1999-01-01" is not valid for the Version of a Notification'):
        update(Version="1999-01-01")
    with invalid("must name at least one event"):
        update(EventTypes=[])
    with invalid("Ping is only valid for SendTestEventNotification"):
        update(EventTypes=["HITCreated", "Ping"])
    for broken in ({"EventTypes": ["HITExploded"]}, {"Transport": "Pigeon"}):
        sent = {"HITTypeId": type_id, "Notification": specification(REAL_QUEUE) | broken}
        assert wire.call("UpdateNotificationSettings", sent).json["__type"] == "ValidationException"
    update()
