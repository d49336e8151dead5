"""ListReviewPolicyResultsForHIT."""

from typing import Any

from ..models import HIT, Requester, ReviewAction, ReviewResult
from . import finding
from .pages import page_of_several

DEFAULT_SIZE = 100  # results and actions together; ten would cut the report of a HIT with four questions
_LEVELS = ("Assignment", "HIT")


def list_review_policy_results_for_hit(requester: Requester, request: dict[str, Any]) -> dict[str, Any]:
    """What the HIT's review policies found and did, in the order it happened (api:1602).

    A page holds up to MaxResults results and actions of both levels together: the assignments' results, their actions,
    the HIT's results, its actions. A report is there for each level that was asked for and has a policy.
    """
    hit = finding.hit(requester, request["HITId"])
    levels = [level for level in _LEVELS if level in (request.get("PolicyLevels") or _LEVELS) and _policy(hit, level)]
    wanted = {
        "ReviewResults": (ReviewResult, request.get("RetrieveResults") is not False),
        "ReviewActions": (ReviewAction, request.get("RetrieveActions") is not False),
    }
    lists = [(level, name, model) for level in levels for name, (model, asked) in wanted.items() if asked]
    found, answer = page_of_several(
        [model._default_manager.filter(hit=hit, level=level) for level, _, model in lists],
        requester,
        request,
        f"ListReviewPolicyResultsForHIT {hit.hit_id} {' '.join(f'{level} {name}' for level, name, _ in lists)}",
        size=DEFAULT_SIZE,
    )
    answer["HITId"] = hit.hit_id
    for level in levels:
        answer[f"{level}ReviewPolicy"] = {"PolicyName": _policy(hit, level)["PolicyName"]}
        answer[f"{level}ReviewReport"] = {}
    for (level, name, _), rows in zip(lists, found, strict=True):
        answer[f"{level}ReviewReport"][name] = [_SHAPES[name](row) for row in rows]
    return answer


def _policy(hit: HIT, level: str) -> Any:
    return hit.assignment_review_policy if level == "Assignment" else hit.hit_review_policy


def _result(row: ReviewResult) -> dict[str, Any]:
    shape = {
        "ActionId": row.result_id,
        "SubjectId": row.subject_id,
        "SubjectType": row.subject_type,
        "Key": row.key,
        "Value": row.value,
    }
    return {**shape, "QuestionId": row.question_id} if row.question_id else shape


def _action(row: ReviewAction) -> dict[str, Any]:
    shape = {
        "ActionId": row.action_id,
        "ActionName": row.action_name,
        "TargetId": row.target_id,
        "TargetType": row.target_type,
        "Status": row.status,
        "CompleteTime": row.completed_at,
        "Result": row.result,
    }
    return {**shape, "ErrorCode": row.error_code} if row.error_code else shape


_SHAPES: dict[str, Any] = {"ReviewResults": _result, "ReviewActions": _action}
