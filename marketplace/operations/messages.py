"""NotifyWorkers."""

from typing import Any

from .. import clock
from ..errors import ParameterValidationError
from ..models import Assignment, Message, Requester, Worker
from . import limits

MOST = 100  # workers told by one call (api:1742)
REVIEWED = (Assignment.Status.APPROVED, Assignment.Status.REJECTED)


def notify_workers(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Send a message to workers whose work this requester has approved or rejected before (api:1742).

    The others get nothing; the answer names them, in the order they were given, and is no error. A worker named twice
    gets one message.
    """
    subject = limits.text("Subject", request["Subject"], 1, 200)
    text = limits.text("MessageText", request["MessageText"], 1, 4096)
    wanted = list(dict.fromkeys(request["WorkerIds"]))
    if not 1 <= len(request["WorkerIds"]) <= MOST:
        raise ParameterValidationError(
            f"There are {len(request['WorkerIds'])} WorkerIds; a message can be sent to 1 to {MOST} Workers at a time."
        )
    known = Assignment.objects.filter(
        hit__requester=requester, status__in=REVIEWED, worker__worker_id__in=wanted
    ).values("worker")
    workers = {worker.worker_id: worker for worker in Worker.objects.filter(pk__in=known)}
    now = clock.now()
    Message.objects.bulk_create(
        Message(requester=requester, worker=workers[worker_id], subject=subject, text=text, sent_at=now)
        for worker_id in wanted
        if worker_id in workers
    )
    return {
        "NotifyWorkersFailureStatuses": [
            {
                "NotifyWorkersFailureCode": "HardFailure",
                "NotifyWorkersFailureMessage": (
                    "Cannot send a notification to a worker who has not done any work for you"
                ),
                "WorkerId": worker_id,
            }
            for worker_id in wanted
            if worker_id not in workers
        ]
    }
