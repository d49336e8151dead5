"""Verdicts and changes of HITs: each that is done here shows at MTurk, and each approval there was asked for here.

All of it is read from the rows that the full sync before has just brought up to date: a HIT that is stale was not read
to its end, and one that is gone has no list any more; neither is compared.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from dashboard import audit
from dashboard.commands import kind_of
from dashboard.drift import Comparison, Difference, Evidence, check, doubt, last_read, witness
from dashboard.models import Account, AuditEvent, Command, Drift, State
from hits.commands import ApproveAssignment, OverrideRejection, RejectAssignment
from hits.models import HIT, Assignment, AssignmentStatus

CHUNK = 500
APPROVING = (ApproveAssignment.name, OverrideRejection.name)
VERDICTS = (*APPROVING, RejectAssignment.name)
_DELETED = "hit_deletehit"


def _read(account: Account) -> QuerySet[Assignment]:
    """Assignments whose HIT was read to its end, and about which nothing is on its way."""
    rows = Assignment.objects.filter(account=account, gone_at=None, verdict=None)
    rows = rows.filter(hit__gone_at=None, hit__stale=False).select_related("hit")
    return rows.defer("answer", "raw", "hit__question", "hit__raw")


def _in_chunks(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """Rows by the hundred. What is sought is sought once, since it is rare and the search is long; then read by key.

    No cursor stays open meanwhile: with SQLite the writes between could not be made beside one.
    """
    keys = list(rows.order_by().values_list("pk", flat=True))
    for start in range(0, len(keys), CHUNK):
        yield list(rows.filter(pk__in=keys[start : start + CHUNK]))


def _elsewhere(account: Account, kind: str) -> Exists:
    """Whether the audit tells of this change of an assignment by somebody else, auto-approval included."""
    return Exists(
        AuditEvent.objects.filter(
            chain=account.slug, subject=OuterRef("assignment_id"), actor=audit.ELSEWHERE, kind=kind
        )
    )


def _commands(account: Account, **which: Any) -> QuerySet[Command]:
    return Command.objects.filter(account=account, assignment_id=OuterRef("assignment_id"), **which)


@check
def verdicts_that_do_not_show(comparison: Comparison) -> Iterator[Difference]:
    """Assignments whose last verdict here is done, and which MTurk shows otherwise."""
    account = comparison.account
    done = Command.objects.filter(
        account=account, kind__in=VERDICTS, state=State.DONE, settled_at__lt=comparison.before
    )
    comparison.compared["verdicts asked here"] = done.order_by().count()
    last = _commands(account, kind__in=VERDICTS, state=State.DONE).order_by("-settled_at", "-created_at")
    rows = _read(account).annotate(said_kind=Subquery(last.values("kind")[:1]), said=Subquery(last.values("pk")[:1]))
    differs = (Q(said_kind__in=APPROVING) & ~Q(status=AssignmentStatus.APPROVED)) | (
        Q(said_kind=RejectAssignment.name) & ~Q(status=AssignmentStatus.REJECTED)
    )
    overridden = Q(said_kind=RejectAssignment.name, status=AssignmentStatus.APPROVED) & Q(
        _elsewhere(account, "assignment.approved")
    )
    comparison.explained["rejections overridden elsewhere"] = rows.filter(overridden).order_by().count()
    for part in _in_chunks(rows.filter(differs).exclude(overridden)):
        commands = Command.objects.select_related("requested_by").in_bulk([row.said for row in part])
        for row in part:
            command = commands[row.said]
            if command.settled_at is None or command.settled_at >= comparison.before:
                continue
            yield _verdict_difference(row, command)


def _verdict_difference(row: Assignment, command: Command) -> Difference:
    word = "rejected" if command.kind == RejectAssignment.name else "approved"
    who = f"{command.requested_by} {word} the work of {row.worker_id} and we recorded it as done"
    if row.status == AssignmentStatus.SUBMITTED:
        advice = "It waits in Review again: decide it once more if the verdict still holds."
    elif row.status == AssignmentStatus.REJECTED:
        advice = "Somebody rejected it elsewhere. Override the rejection if the worker is to be paid."
    else:
        advice = "The worker was paid, which cannot be taken back. Dismiss it if that may stand."
    return Difference(
        key=f"verdict:{command.pk}",
        kind="verdict",
        sentence=f"{who}; MTurk shows it as {row.status.lower()}.",
        advice=advice,
        command=command,
        assignment_id=row.assignment_id,
        hit_id=row.hit.hit_id,
        worker_id=row.worker_id,
        amount=row.hit.reward,
    )


@check
def approvals_nobody_asked_for(comparison: Comparison) -> Iterator[Difference]:
    """Approvals that MTurk shows and neither a command of ours nor the audit explains, one difference for each HIT."""
    account = comparison.account
    approved = _read(account).filter(status=AssignmentStatus.APPROVED)
    comparison.compared["approvals MTurk shows"] = approved.order_by().count()
    # One that was rejected here is a matter of the verdicts above.
    strange = approved.filter(~Exists(_commands(account, kind__in=VERDICTS, state=State.DONE)))
    # An approval that was on the wire when it happened was ours, whatever was said about it later.
    ours = _commands(
        account,
        kind__in=APPROVING,
        state=State.FAILED,
        first_sent_at__lte=OuterRef("approved_at"),
        settled_at__gte=OuterRef("approved_at"),
    )
    for part in _in_chunks(strange.annotate(said=Subquery(ours.values("pk")[:1])).exclude(said=None)):
        commands = Command.objects.select_related("requested_by").in_bulk([row.said for row in part])
        for row in part:
            command = commands[row.said]
            yield Difference(
                key=f"approved_after_all:{command.pk}",
                kind="approved_after_all",
                sentence=f"MTurk paid ${row.hit.reward} to {row.worker_id} while an approval of {command.requested_by} "
                "was on its way, which our record calls failed.",
                advice="Press Try again in its story: MTurk is asked first, and it becomes done.",
                command=command,
                assignment_id=row.assignment_id,
                hit_id=row.hit.hit_id,
                worker_id=row.worker_id,
                amount=row.hit.reward,
            )
    by_time = Q(approved_at__gte=F("auto_approval_at"))
    early = Q(approved_at__lt=account.created_at) | Q(approved_at=None)
    told = Q(_elsewhere(account, "assignment.approved"))
    strange = strange.filter(~Exists(ours))
    explained = strange.order_by().aggregate(
        time=Count("pk", filter=by_time),
        early=Count("pk", filter=early & ~by_time),
    )
    comparison.explained["auto-approvals"] = explained["time"]
    comparison.explained["approvals before this account was connected"] = explained["early"]
    strange = strange.exclude(by_time).exclude(early)
    comparison.explained["approvals elsewhere that the audit tells of"] = strange.filter(told).order_by().count()
    unasked = strange.exclude(told)
    hits = HIT.objects.filter(Exists(unasked.filter(hit=OuterRef("pk"))), account=account).defer("question", "raw")
    for part in _in_chunks(hits):
        counts = dict(unasked.filter(hit__in=part).order_by().values_list("hit").annotate(Count("pk")))
        for hit in part:
            number, amount = counts[hit.pk], hit.reward * counts[hit.pk]
            yield Difference(
                key=f"approvals_unasked:{hit.pk}",
                kind="approvals_unasked",
                sentence=f"MTurk paid {number} assignment{'s' if number > 1 else ''} of HIT {hit.hit_id} (${amount}) "
                "that nobody here approved, and that no sync saw waiting.",
                advice="If another program of yours approves work, dismiss it; else find out who else holds the key.",
                hit_id=hit.hit_id,
                amount=amount,
            )


@check
def changes_of_hits_that_do_not_show(comparison: Comparison) -> Iterator[Difference]:
    """The last change of each sort that is done here, judged by the HIT as the sync has just read it."""
    account = comparison.account
    done = Command.objects.filter(account=account, assignment_id="", state=State.DONE).exclude(hit_id="")
    comparison.compared["changes of HITs asked here"] = done.order_by().count()
    changed = HIT.objects.filter(
        Exists(done.filter(hit_id=OuterRef("hit_id"))), account=account, gone_at=None, stale=False
    )
    for part in _in_chunks(changed.select_related("hit_type").defer("question", "raw")):
        hits = {hit.hit_id: hit for hit in part}
        last: dict[tuple[str, str], Command] = {}
        added: dict[str, int] = {}
        for command in done.filter(hit_id__in=hits).order_by("settled_at").select_related("requested_by"):
            last[command.hit_id, getattr(kind_of(command), "aspect", command.kind)] = command
            more = command.params.get("NumberOfAdditionalAssignments")
            if more:
                added[command.hit_id] = added.get(command.hit_id, 0) + more
        for command in last.values():
            if command.settled_at is not None and command.settled_at < comparison.before:
                yield from _hit_difference(hits[command.hit_id], command, added.get(command.hit_id, 0))


def _as_remote(hit: HIT) -> dict[str, Any]:
    """Our copy in the shape in which GetHIT would tell it, as far as the kinds judge by it."""
    if hit.gone_at is not None:
        return {"HITStatus": "Disposed", "Expiration": hit.expires_at, "HITTypeId": hit.hit_type.hit_type_id}
    return {
        "HITStatus": hit.status,
        "Expiration": hit.expires_at,
        "HITTypeId": hit.hit_type.hit_type_id,
        "MaxAssignments": hit.max_assignments,
    }


def _hit_difference(hit: HIT, command: Command, added: int) -> Iterator[Difference]:
    kind = kind_of(command)
    if "NumberOfAdditionalAssignments" in command.params:
        # There was at least one before the first of them.
        differs, shows = hit.max_assignments < 1 + added, f"it asks for {hit.max_assignments} in all"
    else:
        judge = getattr(kind, "judge", None)
        if judge is None:
            return
        state, _ = judge(command, _as_remote(hit))
        # A HIT may move on after it was set to Reviewing; that it never was is what counts.
        moved_on = state == State.FAILED and getattr(kind, "aspect", "") == "reviewing"
        differs = state != State.DONE and not moved_on
        end = f", its end {hit.expires_at:%d %b %Y %H:%M} UTC" if hit.expires_at else ""
        shows = f"it is {hit.status}{end}, its type {hit.hit_type.hit_type_id}"
    if differs:
        yield Difference(
            key=f"hit:{command.pk}",
            kind=f"hit_{command.kind.lower()}",
            sentence=f"We recorded as done that {command.requested_by} asked to {kind.verb} HIT {hit.hit_id}; "
            f"MTurk says that {shows}.",
            advice="If another program changed it since, dismiss it; else ask for the change again.",
            command=command,
            hit_id=hit.hit_id,
        )


@doubt
def hits_that_were_not_read(account: Account, rows: list[Drift]) -> set[int]:
    """A difference of a HIT that was not read to its end, or that is gone, stands until somebody dismisses it."""
    ids = {row.hit_id for row in rows if row.hit_id}
    unread = set(
        HIT.objects.filter(Q(stale=True) | Q(gone_at__isnull=False), account=account, hit_id__in=ids).values_list(
            "hit_id", flat=True
        )
    )
    return {row.pk for row in rows if row.hit_id in unread and row.kind != _DELETED}


@witness
def status_of_the_assignment(command: Command) -> Iterator[Evidence]:
    """What our copy of an assignment says about a verdict, and who else asked for one."""
    if command.kind not in VERDICTS:
        return
    row = (
        Assignment.objects.filter(account=command.account, assignment_id=command.assignment_id)
        .select_related("hit")
        .defer("answer", "raw", "hit__question", "hit__raw")
        .first()
    )
    if row is None:
        yield Evidence(None, "There is no copy of the assignment here.")
        return
    rejects = command.kind == RejectAssignment.name
    should = AssignmentStatus.REJECTED if rejects else AssignmentStatus.APPROVED
    decided_at = row.rejected_at if rejects else row.approved_at
    read = last_read(command.account)
    if row.gone_at is not None or row.hit.gone_at is not None:
        yield Evidence(None, f"The HIT is gone; our last copy shows the assignment as {row.status}.", row.gone_at)
    elif row.status != should:
        old = read is None or row.hit.stale or (command.sent_at is not None and read.started_at < command.sent_at)
        when = read.finished_at if read else None
        if old:
            yield Evidence(None, f"It was {row.status} before this was sent and was not read since. Read again.", when)
        else:
            yield Evidence(False, f"MTurk shows the assignment as {row.status}.", when)
    elif not rejects and decided_at is not None and decided_at >= row.auto_approval_at:
        yield Evidence(None, "MTurk shows it as Approved, but approved it by itself: its time was up.", decided_at)
    elif decided_at is not None and command.first_sent_at is not None and decided_at < command.first_sent_at:
        yield Evidence(None, f"MTurk shows it as {row.status} since before this was first sent.", decided_at)
    else:
        yield Evidence(True, f"MTurk shows the assignment as {row.status}.", decided_at)
    others = Command.objects.filter(
        account=command.account, assignment_id=command.assignment_id, kind__in=VERDICTS
    ).exclude(pk=command.pk)
    for other in others.select_related("requested_by")[:5]:
        yield Evidence(
            None, f"{other.requested_by} asked to {kind_of(other).verb} it, and that is {other.state_label}.",
            other.created_at,
        )  # fmt: skip


@witness
def the_hit_as_it_is(command: Command) -> Iterator[Evidence]:
    """What our copy of a HIT says about a change of it."""
    if command.assignment_id or not command.hit_id:
        return
    hit = HIT.objects.filter(account=command.account, hit_id=command.hit_id).select_related("hit_type").first()
    if hit is None:
        yield Evidence(None, "There is no copy of the HIT here.")
        return
    read = last_read(command.account)
    when = read.finished_at if read else None
    end = f", ends {hit.expires_at:%d %b %Y, %H:%M} UTC" if hit.expires_at else ""
    shows = (
        f"The HIT is {hit.status_now}{end}; {hit.max_assignments} workers in all, {hit.available} places free, "
        f"{hit.pending} at work, {hit.completed} decided."
    )
    judge = getattr(kind_of(command), "judge", None)
    if read is None or (command.sent_at is not None and read.started_at < command.sent_at):
        yield Evidence(None, f"{shows} It was not read since this was sent. Read again.", when)
    elif judge is None or "NumberOfAdditionalAssignments" in command.params:
        yield Evidence(None, shows, when)
    else:
        state, _ = judge(command, _as_remote(hit))
        yield Evidence(state == State.DONE, shows, when)
