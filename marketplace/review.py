"""Running the review policies a HIT was created with, and recording what they found and did.

ScoreMyKnownAnswers runs when a worker submits, SimplePlurality when nothing of the HIT is open or in a worker's hands
any more, both inside the transaction in which that happens, with the HIT locked. The arithmetic is in policies.py. What
an action cannot do becomes a Failed action; it is never the worker's problem. Names of results and actions: api:1602.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from . import policies, rates, slots
from .documents import DocumentError, parse_answers
from .errors import RequestError, TurkError
from .models import HIT, Assignment, ReviewAction, ReviewResult

SUBMITTED, APPROVED, REJECTED = Assignment.HANDED_IN
ASSIGNMENT, WHOLE = ReviewResult.Level.ASSIGNMENT, ReviewResult.Level.HIT
KNOWN_ANSWER_SCORE = "KnownAnswerScore"
_CHANGED = ["expiration", "max_assignments", "open_slots", "pending", "submitted", "completed", "lapsed", "reviewing"]


def check(policy: dict[str, Any], *, of_hit: bool) -> None:
    """PolicyError unless this structure can be the HIT's policy (or the assignments')."""
    if of_hit:
        policies.plurality(policy)
    else:
        policies.known_answers(policy)


def submitted(assignment: Assignment, *, at: datetime) -> None:
    """Score an assignment that was handed in just now, and approve, reject or extend as the policy says."""
    hit = assignment.hit
    target = ("Assignment", assignment.assignment_id)
    try:
        policy = policies.known_answers(hit.assignment_review_policy)
    except policies.PolicyError as error:
        _unusable(hit, ASSIGNMENT, target, error, at)
        return
    answered = _answers(assignment)
    correct, score = policy.correct(answered), policy.score(answered)
    results = [
        _result(hit, ASSIGNMENT, target, "KnownAnswerCorrect", str(int(right)), q) for q, right in correct.items()
    ]
    ReviewResult.objects.bulk_create([*results, _result(hit, ASSIGNMENT, target, KNOWN_ANSWER_SCORE, str(score))])
    number = "one known answer" if len(correct) == 1 else f"{len(correct)} known answers"
    _record(hit, ASSIGNMENT, target, "review", at, f"Reviewed {number}; {sum(correct.values())}/{len(correct)} correct")
    # Where both thresholds are met the worker is paid.
    if policy.approve_at_least is not None and score >= policy.approve_at_least:
        _approve(assignment, ASSIGNMENT, policy.approve_reason, at)
    elif policy.reject_below is not None and score < policy.reject_below:
        _reject(assignment, ASSIGNMENT, policy.reject_reason, at)
    if policy.extend_below is not None and score < policy.extend_below:
        _extend(hit, ASSIGNMENT, policy.extend_maximum, policy.extend_seconds, at)


def reviewable(hit: HIT, *, at: datetime) -> None:
    """Compare the answers of a HIT that became reviewable just now; nothing happens if nobody handed one in."""
    target = ("HIT", hit.hit_id)
    try:
        policy = policies.plurality(hit.hit_review_policy)
    except policies.PolicyError as error:
        _unusable(hit, WHOLE, target, error, at)
        return
    handed_in = list(hit.assignments.filter(status__in=Assignment.HANDED_IN).order_by("submit_time", "pk"))
    if not handed_in:
        return
    scores = _known_answer_scores(hit)
    counted = [
        assignment
        for assignment in handed_in
        if policy.counts(rejected=assignment.status == REJECTED, known_score=scores.get(assignment.assignment_id))
    ]
    answers = {assignment.assignment_id: _answers(assignment) for assignment in counted}
    found = policy.judge(answers)
    ReviewResult.objects.bulk_create(_found(hit, found), batch_size=500)
    for assignment in counted:
        assignment.hit = hit  # one object of the HIT, whose counts every step changes
        score = found.workers[assignment.assignment_id].score
        if score is None:
            continue
        if policy.approve_at_least is not None and score >= policy.approve_at_least:
            _approve(assignment, WHOLE, "", at)
        elif policy.reject_below is not None and score < policy.reject_below:
            _reject(assignment, WHOLE, policy.reject_reason, at)
    if policy.extend_below is not None and found.score < policy.extend_below:
        _extend(hit, WHOLE, policy.extend_maximum, policy.extend_seconds, at)


def _answers(assignment: Assignment) -> dict[str, policies.Values]:
    """What was answered; nothing where a document of earlier times cannot be read any more, lest time stand still."""
    try:
        return policies.answer_values(parse_answers(assignment.answer))
    except DocumentError:
        return {}


def _known_answer_scores(hit: HIT) -> dict[str, int]:
    """KnownAnswerScore by AssignmentId."""
    if hit.assignment_review_policy is None:
        return {}
    rows = hit.review_results.filter(level=ASSIGNMENT, key=KNOWN_ANSWER_SCORE)
    return {subject: int(score) for subject, score in rows.values_list("subject_id", "value")}


def _found(hit: HIT, found: policies.Agreement) -> list[ReviewResult]:
    target = ("HIT", hit.hit_id)
    results = []
    for question, agreement in found.questions.items():
        is_found = agreement.value is not None
        results.append(_result(hit, WHOLE, target, "AgreedAnswerFound", str(is_found).lower(), question))
        if agreement.value is not None:
            results.append(_result(hit, WHOLE, target, "AgreedAnswer", policies.as_text(agreement.value), question))
            results.append(_result(hit, WHOLE, target, "AnswerAgreementScore", str(agreement.score), question))
    for assignment_id, worker in found.workers.items():
        about = ("Assignment", str(assignment_id))
        results.append(_result(hit, WHOLE, about, "PluralityAnswersCorrect", str(worker.agreed)))
        results.append(_result(hit, WHOLE, about, "PluralityAnswersIncorrect", str(worker.disagreed)))
        if worker.score is not None:
            results.append(_result(hit, WHOLE, about, "WorkerAgreementScore", str(worker.score)))
    results.append(_result(hit, WHOLE, target, "HitAgreementScore", str(found.score)))
    return results


def _approve(assignment: Assignment, level: str, reason: str, at: datetime) -> None:
    def approve() -> str:
        if assignment.status == APPROVED:
            return "Already approved"
        _needs_review(assignment)
        slots.approve(assignment, at=at, feedback=reason)
        return "Approved"

    _try(assignment.hit, level, ("Assignment", assignment.assignment_id), "approve", approve, at)


def _reject(assignment: Assignment, level: str, reason: str, at: datetime) -> None:
    def reject() -> str:
        if assignment.status == REJECTED:
            return "Already rejected"
        _needs_review(assignment)
        slots.reject(assignment, at=at, feedback=reason)
        return "Rejected"

    _try(assignment.hit, level, ("Assignment", assignment.assignment_id), "reject", reject, at)


def _needs_review(assignment: Assignment) -> None:
    if assignment.status != SUBMITTED:
        raise RequestError(
            "This operation can be called with a status of: Submitted", "AWS.MechanicalTurk.InvalidAssignmentState"
        )


def _extend(hit: HIT, level: str, maximum: int, seconds: int, at: datetime) -> None:
    """One more assignment, and time for it, within the policy's maximum and below the tenth assignment."""

    def extend() -> str:
        total = hit.max_assignments + 1
        if total > maximum:
            # A success by the reference: the policy did all that it may.
            return f"Not extended: the HIT has {hit.max_assignments} assignments, ExtendMaximumAssignments is {maximum}"
        many_from = rates.at(hit.created_at).many_from
        if hit.max_assignments < many_from <= total:
            raise RequestError(
                f"A HIT created with fewer than {many_from} assignments is not extended to {total}.",
                "AWS.MechanicalTurk.InvalidMaximumAssignmentsIncrease",
            )
        if hit.is_expired(at):
            _needs_time(hit, seconds)
        slots.add(hit, 1, at=at)
        if seconds:
            slots.extend(hit, max(hit.expiration, at) + timedelta(seconds=seconds), at=at)
        return f"Extended to {total} assignments"

    _try(hit, level, ("HIT", hit.hit_id), "extend", extend, at)


def _needs_time(hit: HIT, seconds: int) -> None:
    """What an expired HIT needs to be extended: time, and that nobody else could still have done it.

    A HIT that expired with assignments nobody took had room for another worker already; extending it would open all of
    them again, which nobody asked for.
    """
    unused = hit.max_assignments - hit.pending - hit.submitted - hit.completed
    if unused:
        reason = f"with {unused} of its assignments not done"
    elif not seconds:
        reason = "and the policy has no ExtendMinimumTimeInSeconds"
    else:
        return
    raise RequestError(f"The HIT has expired {reason}.", "AWS.MechanicalTurk.InvalidHITState")


def _try(hit: HIT, level: str, target: tuple[str, str], name: str, act: Callable[[], str], at: datetime) -> None:
    """Do it and record it; what cannot be done leaves nothing behind but the record."""
    try:
        with transaction.atomic():
            outcome = act()
    except TurkError as error:
        hit.refresh_from_db(fields=_CHANGED)  # what was reckoned before it failed
        _record(hit, level, target, name, at, error.message, error.code)
    else:
        _record(hit, level, target, name, at, outcome)


def _unusable(hit: HIT, level: str, target: tuple[str, str], error: policies.PolicyError, at: datetime) -> None:
    _record(hit, level, target, "review", at, str(error), "AWS.MechanicalTurk.InvalidParameterValue")


def _record(
    hit: HIT, level: str, target: tuple[str, str], name: str, at: datetime, outcome: str, error_code: str = ""
) -> None:
    ReviewAction.objects.create(
        hit=hit,
        level=level,
        action_name=name,
        target_type=target[0],
        target_id=target[1],
        status="Failed" if error_code else "Succeeded",
        completed_at=at,
        result=outcome,
        error_code=error_code,
    )


def _result(hit: HIT, level: str, subject: tuple[str, str], key: str, value: str, question: str = "") -> ReviewResult:
    return ReviewResult(
        hit=hit,
        level=level,
        subject_type=subject[0],
        subject_id=subject[1],
        question_id=question,
        key=key,
        value=value,
    )
