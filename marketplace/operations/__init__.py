"""What the API can do: one function per operation, request dict in, answer dict out, grouped by noun.

`OPERATIONS[name](requester, request)` is called inside one transaction, with a request that satisfies the service model
and times as aware UTC datetimes; it answers with the model's member names, absent members left out, money as text. An
error (marketplace.errors) rolls back everything the call wrote.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from ..models import Requester
from . import (
    accounts,
    assignments,
    blocks,
    bonuses,
    files,
    hit_changes,
    hit_types,
    hits,
    limits,
    messages,
    notification_settings,
    qualification_requests,
    qualification_types,
    qualifications,
    review_results,
)

Operation = Callable[[Requester, dict[str, Any]], dict[str, Any]]


def _guarded(operation: Operation) -> Operation:
    """No text that cannot be stored gets past here; a Question says so itself, with its line."""

    @wraps(operation)
    def guarded(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
        limits.storable({name: value for name, value in request.items() if name != "Question"})
        return operation(requester, request)

    return guarded


OPERATIONS: dict[str, Operation] = {
    name: _guarded(operation)
    for name, operation in {
        "GetAccountBalance": accounts.get_account_balance,
        "CreateHITType": hit_types.create_hit_type,
        "CreateHIT": hits.create_hit,
        "CreateHITWithHITType": hits.create_hit_with_hit_type,
        "GetHIT": hits.get_hit,
        "ListHITs": hits.list_hits,
        "ListReviewableHITs": hits.list_reviewable_hits,
        "DeleteHIT": hits.delete_hit,
        "UpdateExpirationForHIT": hit_changes.update_expiration_for_hit,
        "UpdateHITReviewStatus": hit_changes.update_hit_review_status,
        "UpdateHITTypeOfHIT": hit_changes.update_hit_type_of_hit,
        "CreateAdditionalAssignmentsForHIT": hit_changes.create_additional_assignments_for_hit,
        "ListAssignmentsForHIT": assignments.list_assignments_for_hit,
        "GetAssignment": assignments.get_assignment,
        "ApproveAssignment": assignments.approve_assignment,
        "RejectAssignment": assignments.reject_assignment,
        "SendBonus": bonuses.send_bonus,
        "ListBonusPayments": bonuses.list_bonus_payments,
        "CreateWorkerBlock": blocks.create_worker_block,
        "DeleteWorkerBlock": blocks.delete_worker_block,
        "ListWorkerBlocks": blocks.list_worker_blocks,
        "NotifyWorkers": messages.notify_workers,
        "ListReviewPolicyResultsForHIT": review_results.list_review_policy_results_for_hit,
        "UpdateNotificationSettings": notification_settings.update_notification_settings,
        "SendTestEventNotification": notification_settings.send_test_event_notification,
        "GetFileUploadURL": files.get_file_upload_url,
        "CreateQualificationType": qualification_types.create_qualification_type,
        "UpdateQualificationType": qualification_types.update_qualification_type,
        "GetQualificationType": qualification_types.get_qualification_type,
        "DeleteQualificationType": qualification_types.delete_qualification_type,
        "ListQualificationTypes": qualification_types.list_qualification_types,
        "ListHITsForQualificationType": qualification_types.list_hits_for_qualification_type,
        "AssociateQualificationWithWorker": qualifications.associate_qualification_with_worker,
        "DisassociateQualificationFromWorker": qualifications.disassociate_qualification_from_worker,
        "GetQualificationScore": qualifications.get_qualification_score,
        "ListWorkersWithQualificationType": qualifications.list_workers_with_qualification_type,
        "ListQualificationRequests": qualification_requests.list_qualification_requests,
        "AcceptQualificationRequest": qualification_requests.accept_qualification_request,
        "RejectQualificationRequest": qualification_requests.reject_qualification_request,
    }.items()
}
