"""Requesters, workers and time act at random, and after every step the marketplace is where it should be.

What should be is reckoned in states.py. Besides, whatever happened: money is conserved, no movement of it is changed
later, counts add up, no state moves in a way that is not allowed, and nobody touches what is somebody else's.
"""

import os
from decimal import Decimal

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from tests.marketplace.market import Market, missing, picks, seconds, workers
from tests.marketplace.states import ACCEPTED, APPROVED, HANDED_IN, OPENING, REJECTED, SUBMITTED, Kind

EXAMPLES = int(os.environ.get("STATE_EXAMPLES") or 0)
GONE = "gone"
# What may follow in one step; a step of time may do several of these. "" is a HIT or assignment that is not shown.
ASSIGNMENT_MOVES = {
    "": {SUBMITTED, ""},
    SUBMITTED: {APPROVED, REJECTED, ""},
    REJECTED: {APPROVED, ""},
    APPROVED: {""},
    GONE: set(),
}
HIT_MOVES = {
    "": {"Assignable"},
    "Assignable": {"Unassignable", "Reviewable", ""},
    "Unassignable": {"Assignable", "Reviewable", ""},
    "Reviewable": {"Assignable", "Reviewing", ""},
    "Reviewing": {"Assignable", "Reviewable", ""},
    GONE: set(),
}


class Watched(Market):
    """The same with qualifications and blocks, looked at after every step."""

    # Qualifications and blocks

    @precondition(lambda self: len(self.kinds) < 6)
    @rule(pick=picks, retry=st.sampled_from([None, 0.5, 20.5]))
    def create_qualification_type(self, pick, retry):
        who = self.choose(self.requesters, pick)
        answer = self.ask(
            who,
            "CreateQualificationType",
            "",
            Name=f"Kind {len(self.kinds)}",
            Description="one",
            QualificationTypeStatus="Active",
            RetryDelayInSeconds=None if retry is None else seconds(retry),
        )
        who.kinds.append(Kind(answer["QualificationType"]["QualificationTypeId"], who, retry))

    @precondition(lambda self: self.kinds)
    @rule(pick=picks, worker=workers, value=st.integers(-5, 100))
    def associate(self, pick, worker, value):
        kind = self.choose(self.kinds, pick)
        refusal = unknown(kind) or ("" if worker in self.known else "InvalidParameterValue")
        self.ask(
            kind.owner,
            "AssociateQualificationWithWorker",
            refusal,
            QualificationTypeId=kind.type_id,
            WorkerId=worker,
            IntegerValue=value,
        )
        if not refusal:
            kind.give(worker, value)

    @precondition(lambda self: self.kinds)
    @rule(pick=picks, worker=workers)
    def disassociate(self, pick, worker):
        kind = self.choose(self.kinds, pick)
        refusal = unknown(kind) or ("" if worker in self.known else "InvalidParameterValue") or lacks(kind, worker)
        self.ask(
            kind.owner,
            "DisassociateQualificationFromWorker",
            refusal,
            QualificationTypeId=kind.type_id,
            WorkerId=worker,
        )
        if not refusal:
            del kind.values[worker]
            kind.revoked.add(worker)

    @precondition(lambda self: self.kinds)
    @rule(pick=picks, worker=workers)
    def ask_for_qualification(self, pick, worker):
        kind = self.choose(self.kinds, pick)
        refusal = "no_such_qualification_type" if kind.gone() else kind.why_not(worker, self.now)
        answer = self.work(
            "qualification-requests", {refusal} - {""}, QualificationTypeId=kind.type_id, WorkerId=worker
        )
        if answer:
            assert answer["state"] == "pending"
            self.known.add(worker)
            kind.asked[worker] = (self.now, answer["QualificationRequestId"])
            kind.pending[answer["QualificationRequestId"]] = worker

    @precondition(lambda self: any(kind.asked for kind in self.kinds))
    @rule(pick=picks, grant=st.booleans())
    def decide_about_request(self, pick, grant):
        kind = self.choose([kind for kind in self.kinds if kind.asked], pick)
        request_id = self.choose([request_id for _, request_id in kind.asked.values()], pick // 16)
        refusal = "" if request_id in kind.pending else "InvalidQualificationRequestState"
        operation = "AcceptQualificationRequest" if grant else "RejectQualificationRequest"
        self.ask(kind.owner, operation, refusal, QualificationRequestId=request_id)
        if not refusal:
            worker = kind.pending.pop(request_id)
            if grant:
                kind.give(worker, 1)

    @precondition(lambda self: sum(not kind.deleted for kind in self.kinds) > 1)
    @rule(pick=picks)
    def delete_qualification_type(self, pick):
        kind = self.choose(self.kinds, pick)
        refusal = unknown(kind) or ("InvalidQualificationTypeState" if kind.deleted else "")
        self.ask(kind.owner, "DeleteQualificationType", refusal, QualificationTypeId=kind.type_id)
        if not refusal:
            kind.deleted = True
            kind.pending.clear()

    @rule(pick=picks, worker=workers, unblock=st.booleans())
    def block(self, pick, worker, unblock):
        who = self.choose(self.requesters, pick)
        operation = "DeleteWorkerBlock" if unblock else "CreateWorkerBlock"
        refusal = "" if worker in self.known else "InvalidParameterValue"
        self.ask(who, operation, refusal, WorkerId=worker, Reason="so")
        if not refusal:
            (who.blocked.discard if unblock else who.blocked.add)(worker)

    # What always holds

    @invariant()
    def money_is_conserved(self):
        ledger = self.control.get("ledger")
        assert ledger[: len(self.ledger)] == self.ledger, "an entry of the ledger was changed"
        self.ledger = ledger
        for who in self.requesters:
            answer = self.ask(who, "GetAccountBalance", "")
            sums = dict.fromkeys(("deposit", "hold", "release", "reward", "bonus", "fee"), Decimal(0))
            for row in ledger:
                if row["requester"] == who.key:
                    sums[row["kind"]] += Decimal(row["amount"])
            held = sums["hold"] - sums["release"]
            available, on_hold = Decimal(answer["AvailableBalance"]), Decimal(answer["OnHoldBalance"])
            spent = sums["reward"] + sums["bonus"] + sums["fee"]
            if sums["deposit"]:  # paid in with the requester's first call, which the ledger above may not have seen
                assert (available + on_hold + spent, on_hold) == (sums["deposit"], held)
            assert (available, on_hold, spent) == (who.available, who.held, who.paid)
            assert available >= 0
            assert sums["deposit"] in (0, OPENING)

    @invariant()
    def hits_are_where_they_should_be(self):
        for who in self.requesters:
            shown = {hit["HITId"]: hit for hit in self.ask(who, "ListHITs", "", MaxResults=100)["HITs"]}
            assert set(shown) == {hit.hit_id for hit in who.alive()}
            for hit in who.hits:
                told = shown.get(hit.hit_id)
                self.moved(hit.hit_id, told["HITStatus"] if told else "", HIT_MOVES)
                if told is None:
                    continue
                counts = [told[f"NumberOfAssignments{name}"] for name in ("Available", "Pending", "Completed")]
                assert told["HITStatus"] == hit.status(self.now)
                assert counts == [hit.available(self.now), hit.count(ACCEPTED), hit.count(APPROVED, REJECTED)]
                total = sum(counts) + hit.count(SUBMITTED)
                assert total == told["MaxAssignments"] if hit.expiry > self.now else total <= told["MaxAssignments"]
                assert (told["MaxAssignments"], told["HITTypeId"]) == (hit.most, hit.type_id)

    @invariant()
    def assignments_are_where_they_should_be(self):
        for hit in self.touched:
            refusal = missing(hit)
            answer = self.ask(hit.owner, "ListAssignmentsForHIT", refusal, HITId=hit.hit_id, MaxResults=100)
            shown = {one["AssignmentId"]: one["AssignmentStatus"] for one in answer.get("Assignments", [])}
            handed_in = {task.task_id: task.status for task in hit.tasks if task.status in HANDED_IN}
            assert shown == ({} if refusal else handed_in)
            moves = ASSIGNMENT_MOVES | ({"": {APPROVED, REJECTED, ""}} if hit.judged else {})
            for task in hit.tasks:
                self.moved(task.task_id, shown.get(task.task_id, ""), moves)
            if hit.required and not hit.required.gone():
                one = {"QualificationTypeId": hit.required.type_id, "MaxResults": 100}
                answer = self.ask(hit.owner, "ListWorkersWithQualificationType", "", **one)
                held = {row["WorkerId"]: row["IntegerValue"] for row in answer["Qualifications"]}
                assert held == hit.required.values
        self.touched.clear()

    def moved(self, thing: str, to: str, allowed: dict[str, set[str]]) -> None:
        before = self.seen.get(thing, "")
        if to != before and (to or before != GONE):
            assert to in allowed[before], f"{thing} went from {before or 'nothing'} to {to or 'nothing'}"
        self.seen[thing] = to or (before and GONE)


def unknown(kind: Kind) -> str:
    return "QualificationTypeDoesNotExist" if kind.gone() else ""


def lacks(kind: Kind, worker: str) -> str:
    if worker in kind.values:
        return ""
    return "InvalidQualificationState" if worker in kind.revoked else "QualificationDoesNotExist"


def test_whatever_happens_states_and_money_are_right(own_marketplace):
    class Here(Watched):
        marketplace = own_marketplace

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES or 8,
            stateful_step_count=60,
            derandomize=True,
            database=None,
            deadline=None,
            # Finding the shortest way to a failure takes minutes; the long one says enough to begin with.
            phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
