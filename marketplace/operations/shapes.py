"""Rows as the structures of the API (botocore's member names); absent members are left out."""

from datetime import datetime
from typing import Any

from ..models import HIT, Assignment, Bonus, Qualification, QualificationRequest, QualificationType


def hit(row: HIT, now: datetime) -> dict[str, Any]:
    """A HIT structure as of `now`; `hit_type` has to be loaded."""
    kind = row.hit_type
    shape = {
        "HITId": row.hit_id,
        "HITTypeId": kind.hit_type_id,
        "HITGroupId": kind.hit_group_id,
        "HITLayoutId": row.layout_id,
        "CreationTime": row.created_at,
        "Title": kind.title,
        "Description": kind.description,
        "Question": row.question,
        "Keywords": kind.keywords,
        "HITStatus": row.status(now),
        "MaxAssignments": row.max_assignments,
        "Reward": str(kind.reward),
        "AutoApprovalDelayInSeconds": kind.auto_approval_delay,
        "Expiration": row.expiration,
        "AssignmentDurationInSeconds": kind.assignment_duration,
        "RequesterAnnotation": row.annotation,
        "QualificationRequirements": kind.requirements,
        # Stays so: SetHITAsReviewing's successor changes HITStatus, and nobody else marks HITs for review here.
        "HITReviewStatus": "NotReviewed",
        "NumberOfAssignmentsPending": row.pending,
        "NumberOfAssignmentsAvailable": row.available(now),
        "NumberOfAssignmentsCompleted": row.completed,
    }
    return _present(shape)


def assignment(row: Assignment, hit_id: str) -> dict[str, Any]:
    """An Assignment structure of handed-in work; `worker` has to be loaded."""
    shape = {
        "AssignmentId": row.assignment_id,
        "WorkerId": row.worker.worker_id,
        "HITId": hit_id,
        "AssignmentStatus": str(row.status),
        "AutoApprovalTime": row.auto_approval_time,
        "AcceptTime": row.accept_time,
        "SubmitTime": row.submit_time,
        "ApprovalTime": row.approval_time,
        "RejectionTime": row.rejection_time,
        "Deadline": row.deadline,
        "Answer": row.answer,
        "RequesterFeedback": row.feedback,
    }
    return _present(shape)


def bonus(row: Bonus) -> dict[str, Any]:
    """A BonusPayment structure; `assignment.worker` has to be loaded."""
    return {
        "WorkerId": row.assignment.worker.worker_id,
        "BonusAmount": str(row.amount),
        "AssignmentId": row.assignment.assignment_id,
        "Reason": row.reason,
        "GrantTime": row.grant_time,
    }


def qualification_type(row: QualificationType) -> dict[str, Any]:
    """A QualificationType structure as its owner sees it; a row of the system's has no owner and no time."""
    shape = {
        "QualificationTypeId": row.qualification_type_id,
        "CreationTime": row.created_at,
        "Name": row.name,
        "Description": row.description,
        "Keywords": row.keywords,
        "QualificationTypeStatus": row.status,
        "Test": row.test,
        "TestDurationInSeconds": row.test_duration,
        "AnswerKey": row.answer_key,
        "RetryDelayInSeconds": row.retry_delay,
        # Always so for requesters' types, active or not; workers cannot ask for what the system assigns.
        "IsRequestable": row.requester_id is not None,
        "AutoGranted": row.auto_granted,
        "AutoGrantedValue": row.auto_granted_value if row.auto_granted else None,
    }
    return _present(shape)


def qualification(row: Qualification) -> dict[str, Any]:
    """A Qualification structure; `worker` and `qualification_type` have to be loaded."""
    shape = {
        "QualificationTypeId": row.qualification_type.qualification_type_id,
        "WorkerId": row.worker.worker_id,
        "GrantTime": row.grant_time,
        "IntegerValue": row.value,
        "Status": str(row.status),
    }
    return _present(shape)


def qualification_request(row: QualificationRequest) -> dict[str, Any]:
    """A QualificationRequest structure of a submitted request; `worker` and `qualification_type` have to be loaded."""
    shape = {
        "QualificationRequestId": row.request_id,
        "QualificationTypeId": row.qualification_type.qualification_type_id,
        "WorkerId": row.worker.worker_id,
        "Test": row.test,
        "Answer": row.answer,
        "SubmitTime": row.submit_time,
    }
    return _present(shape)


def _present(shape: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shape.items() if value is not None and value != ""}
