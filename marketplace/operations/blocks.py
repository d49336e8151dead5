"""CreateWorkerBlock, DeleteWorkerBlock and ListWorkerBlocks."""

from typing import Any

from .. import clock
from ..errors import ParameterValidationError, RequestError
from ..models import Requester, Worker, WorkerBlock
from . import limits
from .pages import page

MOST = 100_000  # blocked workers of one requester (api:915)
LONGEST_REASON = 4096  # characters; the reference knows no limit


def create_worker_block(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Keep a worker from accepting this requester's HITs (api:911). Blocked again, the reason is the new one."""
    reason = limits.text("Reason", request["Reason"], 0, LONGEST_REASON)
    worker = Worker.objects.filter(worker_id=request["WorkerId"]).first()
    if worker is None:
        raise ParameterValidationError(f'The value "{request["WorkerId"]}" is not valid for the parameter WorkerId.')
    # Locked, so that two calls at once neither block the same worker twice nor one worker too many.
    Requester.objects.select_for_update(no_key=True).get(pk=requester.pk)
    blocks = WorkerBlock.objects.filter(requester=requester)
    if blocks.filter(worker=worker).update(reason=reason):
        return {}
    if blocks.count() >= MOST:
        raise RequestError(
            f"You have blocked {MOST} Workers already, which is the most. Unblock some before you block others.",
            "AWS.ParameterOutOfRange",
        )
    WorkerBlock.objects.create(requester=requester, worker=worker, reason=reason, created_at=clock.now())
    return {}


def delete_worker_block(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Let a worker accept HITs again; no error where the worker is not blocked (api:1015)."""
    limits.text("Reason", request.get("Reason") or "", 0, LONGEST_REASON)
    worker = Worker.objects.filter(worker_id=request["WorkerId"]).first()
    if worker is None:
        raise ParameterValidationError("WorkerId is invalid.")  # the reference's own words
    WorkerBlock.objects.filter(requester=requester, worker=worker).delete()
    return {}


def list_worker_blocks(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """Who is blocked and why, in the order they were blocked (api:1662)."""
    rows = WorkerBlock.objects.filter(requester=requester).select_related("worker")
    found, answer = page(rows, requester, request, "ListWorkerBlocks")
    return {**answer, "WorkerBlocks": [{"WorkerId": row.worker.worker_id, "Reason": row.reason} for row in found]}
