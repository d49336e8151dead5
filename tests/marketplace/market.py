"""Requesters, workers and time doing things at random, and what each of them should be answered.

The rules of test_states.py. Everything is tried, also what must be refused, and what should happen is known from
states.py before it is asked.
"""

import re
import uuid
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests import servers
from tests.marketplace.conftest import Control, Reply, Wire
from tests.marketplace.making import HTML
from tests.marketplace.states import (
    ACCEPTED,
    BONUS,
    HANDED_IN,
    OVERRIDE,
    REJECTED,
    STEP,
    SUBMITTED,
    TOKEN,
    Hit,
    Kind,
    Requester,
    Task,
    fee_of,
)

WORKERS = [f"ASTATEWORKER{number}" for number in range(4)]
picks = st.integers(0, 10_000)
workers = st.sampled_from(WORKERS)
# Half a step more than a whole number of them: see states.py.
lives = st.sampled_from([1.5, 20.5, 400.5, 4000.5])
durations = st.sampled_from([1.5, 20.5, 100.5])
delays = st.sampled_from([0.5, 3.5, 100.5, 2000.5])
rewards = st.sampled_from(["0.01", "0.05", "0.50", "1.03", "700.00"])
tokens = st.sampled_from([None, None, "one", "two"])
# What is handed in as "1" is right.
POLICY = {
    "PolicyName": "ScoreMyKnownAnswers/2011-09-01",
    "Parameters": [
        {"Key": "AnswerKey", "MapEntries": [{"Key": "x", "Values": ["1"]}]},
        {"Key": "ApproveIfKnownAnswerScoreIsAtLeast", "Values": ["100"]},
        {"Key": "RejectIfKnownAnswerScoreIsLessThan", "Values": ["100"]},
    ],
}


def seconds(span: float) -> int:
    return round(span * STEP)


class Market(RuleBasedStateMachine):
    """HITs, the work on them, its review, meddling requesters, and time."""

    marketplace: servers.Marketplace

    @initialize(
        hits=st.lists(st.tuples(picks, rewards, st.sampled_from([2, 3, 9]), lives), min_size=3, max_size=3),
        work=st.lists(st.tuples(picks, workers), min_size=5, max_size=5),
    )
    def begin(self, hits, work):
        """Two requesters who have published something, and workers who have begun."""
        self.control = Control(self.marketplace)
        self.control.post("reset")
        self.now = 0
        self.began = self.control.now()
        self.requesters = [Requester(f"AKIASTATE{uuid.uuid4().hex[:10].upper()}") for _ in range(2)]
        self.wires = {one.key: Wire(self.marketplace.url, one.key) for one in self.requesters}
        self.known: set[str] = set()
        self.seen: dict[str, str] = {}
        self.ledger: list[dict[str, Any]] = []
        self.touched: set[Hit] = set()
        self.last: Hit | None = None
        for number, (pick, reward, most, life) in enumerate(hits):
            self.create_hit(number, reward, most, life, 20.5, 100.5, False, bool(pick % 3 == 0), None)
        for pick, worker in work:
            if pick % 3:
                self.accept_and_submit(pick, worker, True)
            else:
                self.accept(pick, worker)

    # Asking

    def ask(self, who: Requester, operation: str, refusal: str, **request: Any) -> Any:
        """Call the API and expect that TurkErrorCode, or success ("")."""
        reply = self.wires[who.key].call(
            operation, {name: value for name, value in request.items() if value is not None}
        )
        assert refusal_of(reply) == refusal, (operation, request, reply.body)
        return reply.json

    def work(self, path: str, refusals: set[str], **request: Any) -> Any:
        """Be a worker and expect one of those refusals, or success (none)."""
        refusal, answer = "", None
        try:
            answer = self.control.post(path, request)
        except servers.ControlRefused as refused:
            refusal = refused.code
        assert refusal in (refusals or {""}), (path, request, refusals)
        return answer

    @property
    def hits(self) -> list[Hit]:
        return [hit for who in self.requesters for hit in who.hits]

    @property
    def tasks(self) -> list[Task]:
        return [task for hit in self.hits for task in hit.tasks]

    @property
    def kinds(self) -> list[Kind]:
        return [kind for who in self.requesters for kind in who.kinds]

    def choose(self, things: list[Any], pick: int) -> Any:
        """Mostly one that is still there, and half of the time one of the last HIT: mistakes need several moves."""
        if pick % 8 != 3:
            things = [thing for thing in things if not getattr(thing, "over", False)] or things
        if pick % 2:
            things = [thing for thing in things if self.last in (thing, getattr(thing, "hit", None))] or things
        return things[pick // 8 % len(things)]

    def fit(self, things: list[Any], pick: int, *statuses: str) -> Any:
        """One of them, mostly one in such a state that something can be done with it."""
        now = {thing: thing.status(self.now) if isinstance(thing, Hit) else thing.status for thing in things}
        fitting = [thing for thing, status in now.items() if status in statuses]
        return self.choose(fitting if fitting and pick % 5 != 1 else things, pick)

    def at(self, hit: Hit) -> Hit:
        self.touched.add(hit)
        self.last = hit
        return hit

    # HITs

    @precondition(lambda self: sum(len(who.alive()) for who in self.requesters) < 4)
    @rule(
        pick=picks,
        reward=rewards,
        most=st.sampled_from([1, 2, 3, 9, 10]),
        life=lives,
        duration=durations,
        delay=delays,
        restricted=st.booleans(),
        judged=st.sampled_from([False, False, False, True]),
        token=tokens,
    )
    def create_hit(self, pick, reward, most, life, duration, delay, restricted, judged, token):
        who = self.choose(self.requesters, pick)
        required = self.choose(who.kinds, pick // 16) if restricted and who.kinds else None
        hit = Hit("", "", who, Decimal(reward), duration, delay, most, self.now + life, required, judged, most)
        made = who.used("CreateHIT", token, self.now)
        refusal = ""
        if made:
            refusal = "HitAlreadyExists"
        elif required and required.deleted:
            refusal = "QualificationTypeDoesNotExist"
        elif most * hit.cost > who.available:
            refusal = "InsufficientFunds"
        answer = self.ask(
            who,
            "CreateHIT",
            refusal,
            Title="State",
            Description="of things",
            Reward=reward,
            MaxAssignments=most,
            LifetimeInSeconds=seconds(life),
            AssignmentDurationInSeconds=seconds(duration),
            AutoApprovalDelayInSeconds=seconds(delay),
            Question=HTML,
            UniqueRequestToken=token,
            AssignmentReviewPolicy=POLICY if judged else None,
            QualificationRequirements=[{"QualificationTypeId": required.type_id, "Comparator": "Exists"}]
            if required
            else [],
        )
        if made:
            assert made in answer["Message"]
        if refusal:
            return
        hit.hit_id, hit.type_id = answer["HIT"]["HITId"], answer["HIT"]["HITTypeId"]
        self.seen[hit.hit_id] = answer["HIT"]["HITStatus"]
        who.hits.append(self.at(hit))
        if token:
            who.tokens["CreateHIT", token] = (self.now, hit.hit_id)

    @precondition(lambda self: self.hits)
    @rule(pick=picks)
    def expire_hit(self, pick):
        hit = self.at(self.choose(self.hits, pick))
        self.ask(hit.owner, "UpdateExpirationForHIT", missing(hit), HITId=hit.hit_id, ExpireAt=0)
        if not hit.disposed:
            hit.expiry = -1e9
            if not hit.lapsed:
                hit.lapse(self.now)

    @precondition(lambda self: self.hits)
    @rule(pick=picks, span=st.sampled_from([-1, 0, 1, 5, 50]))
    def extend_hit(self, pick, span):
        """To that many steps after the expiry, or after now if that has passed."""
        hit = self.at(self.choose(self.hits, pick))
        until = int(max(hit.expiry, self.now)) + span + 0.5
        if until <= self.now:
            return
        used = hit.tokens.get(int(until), -TOKEN) + TOKEN > self.now
        missing_slots = hit.most - sum(hit.count(status) for status in (ACCEPTED, *HANDED_IN))
        refusal = missing(hit)
        if not refusal and used:
            refusal = "DuplicateRequest"
        elif not refusal and until <= max(hit.expiry, self.now):
            refusal = "InvalidParameterValue"
        elif not refusal and hit.lapsed and missing_slots * hit.cost > hit.owner.available:
            refusal = "InsufficientFunds"
        moment = int(self.began) + seconds(until)
        self.ask(hit.owner, "UpdateExpirationForHIT", refusal, HITId=hit.hit_id, ExpireAt=moment)
        if refusal:
            return
        hit.tokens[int(until)], hit.expiry = self.now, until
        if hit.lapsed:
            hit.lapsed, hit.open = False, missing_slots
        hit.touch(self.now)

    @precondition(lambda self: self.hits)
    @rule(pick=picks, number=st.sampled_from([1, 2, 8]))
    def add_assignments(self, pick, number):
        hit = self.at(self.choose(self.hits, pick))
        refusal = missing(hit)
        if not refusal and hit.most < 10 <= hit.most + number:
            refusal = "InvalidMaximumAssignmentsIncrease"
        elif not refusal and not hit.lapsed and number * hit.cost > hit.owner.available:
            refusal = "InsufficientFunds"
        request = {"HITId": hit.hit_id, "NumberOfAdditionalAssignments": number}
        self.ask(hit.owner, "CreateAdditionalAssignmentsForHIT", refusal, **request)
        if not refusal:
            hit.most += number
            hit.open += 0 if hit.lapsed else number
            hit.touch(self.now)

    @precondition(lambda self: self.hits)
    @rule(pick=picks, revert=st.booleans())
    def set_reviewing(self, pick, revert):
        needed = "Reviewing" if revert else "Reviewable"
        hit = self.at(self.fit(self.hits, pick, needed))
        refusal = missing(hit) or ("" if hit.status(self.now) == needed else "InvalidHITState")
        self.ask(hit.owner, "UpdateHITReviewStatus", refusal, HITId=hit.hit_id, Revert=revert)
        if not refusal:
            hit.reviewing = not revert

    @precondition(lambda self: len(self.hits) > 1)
    @rule(pick=picks)
    def change_type(self, pick):
        hit = self.at(self.choose(self.hits, pick))
        other = self.choose(hit.owner.hits, pick // 16)
        new = Hit("", "", hit.owner, other.reward, other.duration, other.delay, hit.most, 0, other.required)
        doing = [task for task in hit.tasks if task.status == ACCEPTED]
        terms = {task: (max(task.reward, new.reward), max(task.fee, new.fee)) for task in doing}
        more = hit.open * (new.cost - hit.cost) + sum(sum(pair) - task.cost for task, pair in terms.items())
        refusal = missing(hit)
        if not refusal and other.required and other.required.deleted:
            refusal = "QualificationTypeDoesNotExist"
        elif not refusal and more > hit.owner.available:
            refusal = "InsufficientFunds"
        self.ask(hit.owner, "UpdateHITTypeOfHIT", refusal, HITId=hit.hit_id, HITTypeId=other.type_id)
        if refusal:
            return
        for task, (reward, fee) in terms.items():
            task.reward, task.fee = reward, fee
        hit.reward, hit.duration, hit.delay = other.reward, other.duration, other.delay
        hit.type_id, hit.required = other.type_id, other.required

    @precondition(lambda self: self.hits)
    @rule(pick=picks)
    def delete_hit(self, pick):
        hit = self.at(self.choose(self.hits, pick))
        ready = hit.status(self.now) in ("Reviewable", "Reviewing") and not hit.count(SUBMITTED)
        # A HIT that is gone already is told by its state, not as unknown.
        refusal = "" if ready and not hit.disposed else "InvalidHITState"
        self.ask(hit.owner, "DeleteHIT", refusal, HITId=hit.hit_id)
        hit.disposed = hit.disposed or not refusal

    # Workers

    @precondition(lambda self: self.hits)
    @rule(pick=picks, worker=workers)
    def accept(self, pick, worker):
        hit = self.at(self.fit(self.hits, pick, "Assignable"))
        answer = self.work("accept", hit.why_not(worker, self.now), HITId=hit.hit_id, WorkerId=worker)
        if answer:
            self.known.add(worker)
            task = Task(answer["AssignmentId"], hit, worker, hit.reward, hit.fee, hit.delay, self.now + hit.duration)
            hit.tasks.append(task)
            hit.open -= 1
            hit.touch(self.now)

    @precondition(lambda self: self.hits)
    @rule(pick=picks, worker=workers, right=st.booleans())
    def accept_and_submit(self, pick, worker, right):
        hit = self.at(self.fit(self.hits, pick, "Assignable"))
        refusals = hit.why_not(worker, self.now)
        fields = {"x": "1" if right else "2"}
        answer = self.work("assignments", refusals, HITId=hit.hit_id, WorkerId=worker, Fields=fields)
        if answer:
            self.known.add(worker)
            task = Task(answer["AssignmentId"], hit, worker, hit.reward, hit.fee, hit.delay, 0)
            hit.tasks.append(task)
            hit.open -= 1
            hit.hand_in(task, right, self.now)

    @precondition(lambda self: self.tasks)
    @rule(pick=picks, right=st.booleans())
    def submit(self, pick, right):
        """What is being done, if there is any; else what was handed in or given up already."""
        task = self.fit(self.tasks, pick, ACCEPTED)
        self.at(task.hit)
        if self.work("submit", held(task), AssignmentId=task.task_id, Fields={"x": "1" if right else "2"}):
            task.hit.hand_in(task, right, self.now)

    @precondition(lambda self: self.tasks)
    @rule(pick=picks)
    def give_back(self, pick):
        task = self.fit(self.tasks, pick, ACCEPTED)
        self.at(task.hit)
        if self.work("return", held(task), AssignmentId=task.task_id):
            task.hit.give_back(task, "Returned", self.now)

    # Review

    @precondition(lambda self: self.tasks)
    @rule(pick=picks, override=st.booleans())
    def approve(self, pick, override):
        task = self.fit(self.tasks, pick, SUBMITTED, *([REJECTED] if override else []))
        hit, who = self.at(task.hit), task.hit.owner
        refusal = "AssignmentDoesNotExist" if hit.disposed else ""
        overriding = override and task.status == REJECTED
        if (not refusal and task.status != SUBMITTED and not overriding) or (
            not refusal and overriding and self.now - task.submitted >= OVERRIDE
        ):
            refusal = "InvalidAssignmentState"
        elif not refusal and overriding and task.cost > who.available:
            refusal = "InsufficientFunds"
        self.ask(who, "ApproveAssignment", refusal, AssignmentId=task.task_id, OverrideRejection=override)
        if not refusal:
            hit.pay(task, self.now)

    @precondition(lambda self: self.tasks)
    @rule(pick=picks)
    def reject(self, pick):
        task = self.fit(self.tasks, pick, SUBMITTED)
        hit = self.at(task.hit)
        refusal = "AssignmentDoesNotExist" if hit.disposed else ""
        if not refusal and task.status != SUBMITTED:
            refusal = "InvalidAssignmentState"
        self.ask(hit.owner, "RejectAssignment", refusal, AssignmentId=task.task_id, RequesterFeedback="no")
        if not refusal:
            task.status = REJECTED
            hit.touch(self.now)

    @precondition(lambda self: self.tasks)
    @rule(pick=picks, amount=st.sampled_from(["0.01", "1.00", "4000.00"]), token=tokens)
    def bonus(self, pick, amount, token):
        task = self.fit(self.tasks, pick, *HANDED_IN)
        hit, who = self.at(task.hit), task.hit.owner
        recent = any(
            other.worker == task.worker and other.status in HANDED_IN and other.submitted + BONUS > self.now
            for one in who.hits
            for other in one.tasks
        )
        cost = Decimal(amount) + fee_of(Decimal(amount), 20)
        refusal = ""
        if who.used("SendBonus", token, self.now) is not None:
            refusal = "DuplicateRequest"
        elif hit.disposed or task.status not in HANDED_IN:
            refusal = "AssignmentDoesNotExist"
        elif not recent:
            refusal = "DoesNotMeetRequirements"
        elif cost > who.available:
            refusal = "InsufficientFunds"
        self.ask(
            who,
            "SendBonus",
            refusal,
            AssignmentId=task.task_id,
            WorkerId=task.worker,
            BonusAmount=amount,
            Reason="good",
            UniqueRequestToken=token,
        )
        if not refusal:
            who.paid += cost
            if token:
                who.tokens["SendBonus", token] = (self.now, "")

    # Others and time

    @precondition(lambda self: self.tasks)
    @rule(pick=picks)
    def meddle(self, pick):
        """The other requester tries what would be allowed to the owner. (Nothing changed: see below.)"""
        task = self.choose(self.tasks, pick)
        other = next(who for who in self.requesters if who is not task.hit.owner)
        hit, assignment = {"HITId": task.hit.hit_id}, {"AssignmentId": task.task_id}
        attempts = [
            ("GetHIT", hit),
            ("DeleteHIT", hit),
            ("UpdateExpirationForHIT", {**hit, "ExpireAt": 0}),
            ("CreateAdditionalAssignmentsForHIT", {**hit, "NumberOfAdditionalAssignments": 1}),
            ("UpdateHITReviewStatus", hit),
            ("ListAssignmentsForHIT", hit),
            ("ListBonusPayments", hit),
            ("ApproveAssignment", {**assignment, "OverrideRejection": True}),
            ("GetAssignment", assignment),
            ("RejectAssignment", {**assignment, "RequesterFeedback": "no"}),
            ("SendBonus", {**assignment, "WorkerId": task.worker, "BonusAmount": "1.00", "Reason": "r"}),
        ]
        operation, request = self.choose(attempts, pick // 16)
        missing = "AssignmentDoesNotExist" if "AssignmentId" in request else "HITDoesNotExist"
        self.ask(other, operation, missing, **request)

    # Most of what is interesting happens within hours; then a day, a month, four months.
    @rule(steps=st.sampled_from([1, 1, 1, 4, 4, 25, 25, 87, 87, 2600, 2600, 10_400]))
    def time_passes(self, steps):
        self.control.advance(steps * STEP)
        self.now += steps
        for hit in self.hits:
            self.touched.add(hit)
            hit.pass_time(self.now)


def refusal_of(reply: Reply) -> str:
    if reply.status == 200:
        return ""
    assert reply.status == 400, reply.body
    return re.sub(r"^AWS\.MechanicalTurk\.", "", reply.json["TurkErrorCode"])


def missing(hit: Hit) -> str:
    return "HITDoesNotExist" if hit.disposed else ""


def held(task: Task) -> set[str]:
    """Why a worker cannot hand in or give back."""
    if task.hit.disposed:
        return {"no_such_assignment"}
    return set() if task.status == ACCEPTED else {"not_accepted"}
