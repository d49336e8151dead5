"""Panels: chosen by what workers did here, kept up to date while work comes in, told to MTurk, each worker once."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard import commands, jobs
from dashboard.models import Command, Job
from dashboard.permissions import Denied
from dashboard.tasks import READERS, digest
from hits import actions as hit_actions
from hits import digest as figures
from hits.models import HIT, Assignment, Batch, Flag
from qualifications.actions import panel_upkeep
from qualifications.actions import panels as acts
from qualifications.conditions import Facts, judge
from qualifications.models import Panel, PanelMember, PanelState, QualificationType
from tests.cast import Lab, meanwhile
from tests.qualifications.test_scores import deliver, held
from workers.models import SoftBlock, Worker, WorkerBatch

NOW = timezone.now()


def keep(lab: Lab) -> None:
    """What workers do every few seconds, until nothing is left."""
    for _ in range(3):
        panel_upkeep.keep_up(lab.account.pk)
        deliver(lab)


def make(lab: Lab, name: str = "Both", **more: Any) -> Panel:
    what = {"meaning": "include", "match": "all", "conditions": [], **more}
    panel = acts.create(account=lab.account, by=lab.people["approver"], name=name, **what)
    deliver(lab)
    keep(lab)
    panel.refresh_from_db()
    return panel


def test_two_clicks_in_the_same_moment_make_one_panel_and_one_type(lab: Lab) -> None:
    made: list[Panel] = []
    form_key = uuid.uuid4()

    def click() -> None:
        made.append(
            acts.create(
                account=lab.account, by=lab.people["approver"], name="Both", meaning="include", match="all",
                conditions=[], form_key=form_key,
            )
        )  # fmt: skip

    with meanwhile(click, table="dashboard_command", looks=2):
        click()
    assert made[0] == made[1] == Panel.objects.get()
    assert QualificationType.objects.count() == Command.objects.count() == 1


def inside(panel: Panel) -> dict[str, str]:
    return dict(PanelMember.objects.filter(panel=panel).inside().values_list("worker_id", "why"))


def read(lab: Lab) -> None:
    lab.sync()
    digest(lab.account.pk)
    keep(lab)


def batch(hit: str) -> int:
    return Batch.objects.get(hits__hit_id=hit).pk


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"look": "batches", "batches": [1, 2], "how": "every"}, "did 3 in “One”, 1 in “Two”"),
        ({"look": "batches", "batches": [2, 9], "how": "any"}, "did 1 in “Two”"),
        ({"look": "batches", "batches": [1, 9], "how": "every"}, None),
        ({"look": "gold", "is": "above", "percent": 90, "least": 10}, None),
        ({"look": "gold", "is": "above", "percent": 89, "least": 10}, "90 % gold answers right, of 10"),
        ({"look": "gold", "is": "above", "percent": 50, "least": 11}, None),
        ({"look": "agreement", "is": "below", "percent": 50, "least": 1}, "33.3 % agreement with others, of 3"),
        ({"look": "approved", "number": 19}, "19 approved"),
        ({"look": "approved", "number": 20}, None),
        ({"look": "rate", "is": "above", "percent": 94, "least": 20}, "95 % of the decided answers approved, of 20"),
        ({"look": "rate", "is": "below", "percent": 95, "least": 1}, None),
        ({"look": "recent", "is": "idle", "days": 30}, f"last worked on {NOW - timedelta(days=40):%Y-%m-%d}"),
        ({"look": "recent", "is": "active", "days": 30}, None),
        ({"look": "recent", "is": "active", "days": 41}, f"worked on {NOW - timedelta(days=40):%Y-%m-%d}"),
        ({"look": "holds", "is": "has", "type": "Q", "least": 80}, "holds “Eyes” with 80"),
        ({"look": "holds", "is": "has_not", "type": "Q", "least": 81}, "does not hold “Eyes”"),
        ({"look": "holds", "is": "has", "type": "R", "least": None}, None),
        ({"look": "blocked", "batch": 2}, "soft-blocked in that batch"),
        ({"look": "blocked", "batch": None}, None),
    ],
)
def test_a_condition_holds_or_does_not(condition: dict[str, Any], words: str | None) -> None:
    facts = Facts(
        "A", answers=21, approved=19, rejected=1, gold_sum=900, gold_count=10, agreement_sum=100, agreement_count=3,
        last_at=NOW - timedelta(days=40), batches={1: (NOW, 3), 2: (NOW - timedelta(1), 1)}, held={"Q": 80},
        blocked={2},
    )  # fmt: skip
    met = judge("all", [condition], facts, {1: "One", 2: "Two", "Q": "Eyes"}, NOW)
    assert (met.words if met else None) == words
    both = [condition, {"look": "approved", "number": 99}]
    assert judge("all", both, facts, {}, NOW) is None
    assert (judge("any", both, facts, {}, NOW) is None) == (words is None)
    assert judge("any", [], facts, {}, NOW) is judge("all", [], facts, {}, NOW) is None


def test_a_panel_is_made_filled_and_kept_while_work_comes_in(lab: Lab) -> None:
    one, two = lab.hit(RequesterAnnotation="BatchId:1;"), lab.hit(RequesterAnnotation="BatchId:2;")
    lab.answer(one, "ABOTH1")
    lab.answer(two, "ABOTH1")
    lab.answer(one, "AONE2")
    read(lab)
    did = {"look": "batches", "batches": [batch(one), batch(two)], "how": "every"}
    ahead = acts.preview(lab.account, "all", [did])
    assert (ahead.members, ahead.of, ahead.all, ahead.examples[0][0]) == (1, 2, 2, "ABOTH1")
    panel = make(lab, conditions=[did])
    kind = panel.qualification_type
    assert kind is not None
    assert (panel.state, kind.purpose, kind.name.startswith("Group ")) == (PanelState.ON, "panel", True)
    assert "Both" not in kind.name, "workers see the name of a qualification"
    assert list(inside(panel)) == ["ABOTH1"]
    assert held(lab, kind) == {"ABOTH1": 1}

    lab.answer(two, "AONE2")
    read(lab)
    assert held(lab, kind) == {"ABOTH1": 1, "AONE2": 1}
    assert "1 in “Receipt totals”" in inside(panel)["AONE2"]
    told = lab.server.control("calls").get("AssociateQualificationWithWorker")
    read(lab)
    keep(lab)
    assert lab.server.control("calls").get("AssociateQualificationWithWorker") == told, "each is told once"

    # By hand, and by hand out of it again.
    by = lab.people["approver"]
    lab.answer(lab.hit(), "APINNED3")
    count, refused = acts.pin(panel=panel, by=by, text="apinned3\nAPINNED3\nwhat?\n", into="in")
    assert (count, len(refused)) == (1, 2)
    acts.pin(panel=panel, by=by, text="AONE2", into="out")
    keep(lab)
    assert held(lab, kind) == {"ABOTH1": 1, "APINNED3": 1}
    acts.pin(panel=panel, by=by, text="AONE2, APINNED3", into="")
    keep(lab)
    assert held(lab, kind) == {"ABOTH1": 1, "AONE2": 1}

    # Taken away elsewhere: the next full reading puts it right.
    lab.mturk.disassociate_qualification_from_worker(QualificationTypeId=kind.qualification_type_id, WorkerId="AONE2")
    lab.sync(full=True)
    keep(lab)
    assert held(lab, kind) == {"ABOTH1": 1, "AONE2": 1}

    acts.pause(panel=panel, by=by)
    acts.pin(panel=panel, by=by, text="APINNED3", into="in")
    keep(lab)
    assert "APINNED3" not in held(lab, kind)
    acts.resume(panel=panel, by=by)
    keep(lab)
    assert "APINNED3" in held(lab, kind)
    acts.change(
        panel=panel, by=by, name="Any", meaning="include", match="all",
        conditions=[{"look": "approved", "number": 1}],
    )  # fmt: skip
    keep(lab)
    assert held(lab, kind) == {"APINNED3": 1}
    with pytest.raises(Denied, match="need to be an approver"):
        acts.delete(panel=panel, by=lab.people["reviewer"])
    acts.delete(panel=panel, by=by)
    deliver(lab)
    keep(lab)
    panel.refresh_from_db()
    assert panel.state == PanelState.GONE
    rest = lab.mturk.list_qualification_types(MustBeRequestable=False, MustBeOwnedByCaller=True)
    assert [row["Name"] for row in rest["QualificationTypes"] if row["QualificationTypeStatus"] == "Active"] == []


def test_time_and_soft_blocks_and_verdicts_are_noticed_without_new_work(lab: Lab) -> None:
    hit = lab.hit(MaxAssignments=5)
    lab.answer(hit, "AOLD1")
    new = lab.answer(hit, "ANEW2")
    read(lab)
    idle = make(lab, "Idle", conditions=[{"look": "recent", "is": "idle", "days": 30}])
    out = make(lab, "Out", meaning="exclude", conditions=[{"look": "blocked", "batch": None}])
    good = make(lab, "Good", conditions=[{"look": "approved", "number": 1}])
    assert inside(idle) == inside(out) == inside(good) == {}
    moment = timezone.now() - timedelta(days=30)
    Worker.objects.filter(worker_id="AOLD1").update(last_at=moment)
    Panel.objects.filter(pk=idle.pk).update(checked_at=timezone.now() - timedelta(minutes=5))
    block = SoftBlock.objects.create(account=lab.account, worker_id="ANEW2", made_by=lab.people["manager"])
    hit_actions.approve(assignment=Assignment.objects.get(assignment_id=new), by=lab.people["approver"])
    commands.deliver_due(lab.account.pk)
    digest(lab.account.pk)
    keep(lab)
    assert list(inside(idle)) == ["AOLD1"]
    assert list(inside(out)) == list(inside(good)) == ["ANEW2"]
    block.lifted_at = timezone.now()
    block.save()
    keep(lab)
    assert inside(out) == {}
    assert PanelMember.objects.get(panel=out).until is not None


def test_work_of_somebody_whom_a_panel_shuts_out_is_marked(lab: Lab) -> None:
    first = lab.hit(RequesterAnnotation="BatchId:1;")
    lab.answer(lab.hit(), "AFINE1")
    read(lab)
    lab.answer(first, "AFINE1")
    lab.sync()
    panel = make(
        lab, "Not twice", meaning="exclude",
        conditions=[{"look": "batches", "batches": [batch(first)], "how": "any"}],
    )  # fmt: skip
    assert panel.qualification_type is not None
    type_id = panel.qualification_type.qualification_type_id
    rule = {"QualificationTypeId": type_id, "Comparator": "DoesNotExist", "ActionsGuarded": "Accept"}
    guarded = lab.hit(RequesterAnnotation="BatchId:1;", QualificationRequirements=[rule])
    # Two at a time: the second is accepted while we do not know yet of the first.
    lab.answer(first, "AQUICK2")
    late = lab.answer(guarded, "AQUICK2")
    lab.answer(guarded, "AOTHER3")
    lab.sync()
    digest(lab.account.pk)
    assert not Flag.objects.exists()
    keep(lab)
    assert Flag.objects.get().assignment.assignment_id == late
    assert "slipped through: “Not twice”" in Flag.objects.get().reason
    assert Assignment.objects.get(assignment_id=late).flagged
    # Known by then, and still let in there: the qualification was taken away elsewhere.
    lab.mturk.disassociate_qualification_from_worker(QualificationTypeId=type_id, WorkerId="AQUICK2")
    again = lab.hit(RequesterAnnotation="BatchId:2;", QualificationRequirements=[rule])
    slipped = lab.answer(again, "AQUICK2")
    lab.answer(again, "ANEW4")
    read(lab)
    assert sorted(Flag.objects.values_list("assignment__assignment_id", flat=True)) == sorted([late, slipped])
    keep(lab)
    assert Flag.objects.count() == 2


class Cost:
    """What a block asks of the database: its statements, and how long they were, in steps of SQLite's machine."""

    def __enter__(self) -> "Cost":
        self.steps = 0
        connection.ensure_connection()
        if connection.vendor == "sqlite":
            connection.connection.set_progress_handler(self._step, 100)
        self.found = CaptureQueriesContext(connection)
        self.found.__enter__()
        return self

    def _step(self) -> int:
        self.steps += 1
        return 0

    def __exit__(self, *error: Any) -> None:
        self.found.__exit__(*error)
        if connection.vendor == "sqlite":
            connection.connection.set_progress_handler(None, 0)
        words = [query["sql"].split() for query in self.found.captured_queries if "SAVEPOINT" not in query["sql"]]
        self.statements = [" ".join(each[: 1 if each[0] == "DECLARE" else 4]) for each in words]


def test_a_submission_costs_the_same_whatever_there_was_before(lab: Lab) -> None:
    """Over a few assignments, and over three thousand of as many workers who are all members: no more statements, and
    none that goes through more rows."""
    hit, before = lab.hit(RequesterAnnotation="BatchId:1;"), lab.hit(RequesterAnnotation="BatchId:1;")
    lab.answer(hit, "ABUSY1")
    read(lab)
    panel = make(lab, conditions=[{"look": "batches", "batches": [batch(hit)], "how": "any"}])
    make(lab, "Lately", meaning="exclude", conditions=[{"look": "recent", "is": "active", "days": 3}])
    row = Assignment.objects.select_related("hit__hit_type").get()

    def assignment(number: int, **columns: Any) -> Assignment:
        return Assignment(
            account=row.account, hit=row.hit, batch=row.batch, assignment_id=f"C{number}", worker_id=f"AW{number}",
            status="Submitted", submitted_at=NOW, auto_approval_at=NOW, **columns,
        )  # fmt: skip

    def submission(number: int) -> Cost:
        assignment(number, fresh=True).save()
        with Cost() as cost:
            figures.digest(lab.account, READERS)
            panel_upkeep.keep_up(lab.account.pk)
        assert set(PanelMember.objects.filter(worker_id=f"AW{number}").values_list("wanted", flat=True)) == {True}
        deliver(lab)
        return cost

    submission(1)
    few = submission(2)
    there = range(10, 3010)
    row.hit = HIT.objects.get(hit_id=before)
    Assignment.objects.bulk_create([assignment(n, fresh=False, counted="Submitted") for n in there])
    row.refresh_from_db()
    Worker.objects.bulk_create([Worker(account=row.account, worker_id=f"AW{n}", last_at=NOW, answers=1) for n in there])
    WorkerBatch.objects.bulk_create(
        [
            WorkerBatch(account=row.account, worker=each, batch=row.batch, submitted=1, first_at=NOW, last_at=NOW)
            for each in Worker.objects.filter(worker_id__in=[f"AW{n}" for n in there])
        ]
    )
    for each in Panel.objects.all():
        PanelMember.objects.bulk_create(
            [PanelMember(panel=each, worker_id=f"AW{n}", wanted=True, held=True, since=NOW) for n in there]
        )
    many = submission(3)
    assert many.statements == few.statements
    assert many.steps <= 1.5 * few.steps, (few.steps, many.steps)
    assert (few.steps > 0) == (connection.vendor == "sqlite"), "there, the steps are really counted"
    assert PanelMember.objects.filter(panel=panel).inside().count() == 3004


def test_many_are_told_by_a_job_that_people_can_stop(lab: Lab) -> None:
    hit = lab.hit(MaxAssignments=40)
    for number in range(30):
        lab.answer(hit, f"AMANY{number:03d}")
    read(lab)
    panel = acts.create(
        account=lab.account, by=lab.people["approver"], name="All", meaning="include", match="any",
        conditions=[{"look": "recent", "is": "active", "days": 3}],
    )  # fmt: skip
    deliver(lab)
    panel_upkeep.keep_up(lab.account.pk)
    panel_upkeep.keep_up(lab.account.pk)
    job = Job.objects.get()
    jobs.prepare(job.pk)
    assert Command.objects.filter(job=job).count() == 30
    job.refresh_from_db()
    jobs.cancel(job, by=lab.people["approver"])
    jobs.free_rest(job.pk)
    keep(lab)
    panel.refresh_from_db()
    assert panel.qualification_type is not None
    assert held(lab, panel.qualification_type) == {}
    assert Job.objects.count() == 1, "what was stopped is not begun again by itself"
    assert acts.tell_again(panel=panel, by=lab.people["approver"]) == 30
    keep(lab)
    assert len(held(lab, panel.qualification_type)) == 30

    # Whoever stands for it has left: it stops, and says so.
    lab.people["approver"].memberships.all().delete()
    lab.answer(hit, "ALATE1")
    read(lab)
    panel.refresh_from_db()
    assert panel.state == PanelState.PAUSED
    assert "cannot keep it: You need to be an approver" in panel.problem
    assert "ALATE1" not in held(lab, panel.qualification_type)
    acts.resume(panel=panel, by=lab.people["manager"])
    keep(lab)
    assert "ALATE1" in held(lab, panel.qualification_type)
