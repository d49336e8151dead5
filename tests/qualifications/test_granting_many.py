"""Many workers granted by one job, its worker killed in the middle: each is granted, and each once."""

import os
import signal
from pathlib import Path

from tests import servers
from tests.dashboard.test_crashes import Desk, programs_of

WORKERS = 60
BEGIN = """
from qualifications.actions import scores as acts
from qualifications.models import QualificationType
lab = Lab(market, account)
made = lab.mturk.create_qualification_type(Name="Many", Description="Of many.", QualificationTypeStatus="Active")
type_id = made["QualificationType"]["QualificationTypeId"]
kind = QualificationType.objects.create(account=account, qualification_type_id=type_id, name="Many")
hit = lab.hit(MaxAssignments=COUNT)
names = [f"AMANY{number:05d}" for number in range(COUNT)]
for name in names:
    lab.answer(hit, worker=name)
text = "\\n".join(f"{name} {number % 101}" for number, name in enumerate(names))
sheet = acts.pasted(text, kind=kind, value=1, revoke=False, by=people["reviewer"], notify=True, reason="")
acts.carry_out(sheet, by=people["reviewer"])
print(json.dumps(type_id))
""".replace("COUNT", str(WORKERS))


def test_a_worker_killed_in_the_middle_of_a_job_grants_each_once(
    tmp_path: Path, marketplace_server: servers.Marketplace
) -> None:
    servers.empty_database("dashboard", tmp_path / "dashboard.sqlite3")
    with programs_of(tmp_path) as (programs, env):
        kill_and_look(Desk(tmp_path, marketplace_server, programs, env))


def kill_and_look(desk: Desk) -> None:
    desk.market.control(
        "faults", {"operation": "AssociateQualificationWithWorker", "mode": "latency", "latency_ms": 400, "rate": 1.0}
    )
    before = desk.market.control("calls").get("AssociateQualificationWithWorker", 0)

    def called() -> int:
        return desk.market.control("calls").get("AssociateQualificationWithWorker", 0) - before

    begin = desk.start(BEGIN)
    worker = desk.worker()
    try:
        type_id = begin.end()
        worker.wait_until(lambda: called() >= 30, 40)
        os.killpg(worker.process.pid, signal.SIGKILL)
        worker.process.wait()
        states = desk.run("""
from collections import Counter
print(json.dumps(Counter(Command.objects.values_list("state", flat=True))))
Command.objects.filter(state="sending").update(claimed_until=timezone.now())
""")
        assert states.get("queued", 0) + states.get("sending", 0) > 0, f"killed too late to prove anything: {states}"
        desk.market.control("faults", method="DELETE")
        worker = desk.worker()
        left = desk.run("""
end = time.monotonic() + 40
while Command.objects.open().exists() and time.monotonic() < end:
    tasks.sweep.apply_async(expires=10)
    time.sleep(0.5)
from qualifications.models import Score
print(json.dumps([list(Command.objects.exclude(state="done").values_list("state", "error_message")), faults(),
    Score.objects.granted().count()]))
""")
    finally:
        worker.stop()
        desk.market.control("faults", method="DELETE")
    assert left == [[], [], WORKERS]
    client = desk.market.client(desk.key)
    rows = []
    for page in client.get_paginator("list_workers_with_qualification_type").paginate(QualificationTypeId=type_id):
        rows += page["Qualifications"]
    assert {row["WorkerId"]: row["IntegerValue"] for row in rows} == {
        f"AMANY{number:05d}": number % 101 for number in range(WORKERS)
    }
    # What the dead worker left without an answer was asked about, not sent again.
    assert called() == WORKERS
