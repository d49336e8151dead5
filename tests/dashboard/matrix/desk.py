"""The people of the fault matrix, and what beat does, in one process: a line of JSON in, a line of JSON out.

    python -m tests.dashboard.matrix.desk FOLDER URL-OF-THE-MARKETPLACE

It stays for many cells, each of which is an account of its own, so that a cell costs no start of Django.
"""

import json
import sys
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import django

from tests.dashboard.matrix import clock

FOLDER = Path(sys.argv[1])
clock.follow(FOLDER / "clock")
django.setup()

from django.db import close_old_connections  # noqa: E402

from dashboard import audit, budget, commands, tasks  # noqa: E402
from dashboard.models import Command, Job, State  # noqa: E402
from hits.actions import approve, change_hit, override_rejection, reject  # noqa: E402
from hits.models import HIT, Assignment  # noqa: E402
from qualifications.actions import panels  # noqa: E402
from qualifications.models import Panel, PanelMember, PanelState  # noqa: E402
from tests.cast import Lab, all_at_once, make_lab  # noqa: E402
from tests.servers import Marketplace  # noqa: E402
from workers.actions import block, pay_bonus  # noqa: E402
from workers.actions.messages import send_message  # noqa: E402
from workers.models import MessageRecipient, WorkerBlock  # noqa: E402

MONTH = 30 * 24 * 3600
MOVING = (State.QUEUED, State.SENDING, State.UNKNOWN)


class Desk:
    lab: Lab
    what: str
    ids: list[str]

    def __init__(self, url: str) -> None:
        self.market = Marketplace(url, None, FOLDER)
        self.cells = 0

    def open(self, what: str, rows: int) -> dict[str, Any]:
        """A new account with something to decide; its key, and what will be decided about."""
        self.cells += 1
        self.what = what
        self.lab = lab = make_lab(self.market, f"cell{self.cells}")
        # Days pass in some cells, and neither may end a HIT nor approve by itself.
        lives = {"LifetimeInSeconds": MONTH, "AutoApprovalDelayInSeconds": MONTH}
        if what == "add assignments":
            self.ids = [lab.hit(MaxAssignments=1, **lives) for _ in range(rows)]
        else:
            hit = lab.hit(MaxAssignments=rows, **lives)
            self.ids = [lab.answer(hit) for _ in range(rows)]
        if what == "override":
            for assignment_id in self.ids:
                lab.mturk.reject_assignment(AssignmentId=assignment_id, RequesterFeedback="At first")
        lab.sync()
        return {"key": lab.account.access_key_id, "ids": self.ids}

    def ask(self, clicks: int = 1) -> list[str]:
        """Decide about all; with several clicks, each form is sent that often at the same moment. What went wrong."""
        problems: list[str] = []
        for number, subject in enumerate(self.ids):
            key = uuid.uuid4()
            if clicks == 1:
                self._ask_for(subject, number, key)
            else:
                problems += all_at_once(*[partial(self._ask_for, subject, number, key)] * clicks)
        return problems

    def _ask_for(self, subject: str, number: int, key: uuid.UUID) -> None:
        people = self.lab.people
        if self.what == "add assignments":
            hit = HIT.objects.get(account=self.lab.account, hit_id=subject)
            change_hit("add", hit=hit, by=people["approver"], form_key=key, number=1)
            return
        row = Assignment.objects.select_related("account", "hit").get(assignment_id=subject)
        if self.what == "approve":
            approve(assignment=row, by=people["reviewer"], form_key=key)
        elif self.what == "reject":
            reject(assignment=row, by=people["reviewer"], feedback="Not a number", form_key=key)
        elif self.what == "override":
            override_rejection(assignment=row, by=people["reviewer"], form_key=key)
        else:
            amount = Decimal("0.10") + Decimal(number) / 100
            pay_bonus(assignment=row, by=people["approver"], amount=amount, reason="Fine", form_key=key)

    def choose_people(self, rows: int) -> dict[str, Any]:
        """A new account with so many workers, all but one approved: a panel of those, a message to all, a block."""
        self.cells += 1
        self.lab = lab = make_lab(self.market, f"cell{self.cells}")
        hit = lab.hit(MaxAssignments=rows)
        for number in range(rows):
            answered = lab.answer(hit, f"ACROWD{number:03d}")
            if number:
                lab.mturk.approve_assignment(AssignmentId=answered)
        lab.sync()
        tasks.digest(lab.account.pk)
        people, account = lab.people, lab.account
        panel = panels.create(
            account=account, by=people["approver"], name="Good", meaning="include", match="all",
            conditions=[{"look": "approved", "number": 1}],
        )  # fmt: skip
        send_message(
            account=account, by=people["reviewer"], selection={"filter": {}}, subject="Thanks", words="For all of it."
        )
        block(account=account, worker_id="ACROWD000", by=people["approver"], reason="Clicks at random")
        self._wait(lambda: self._is_told(panel.pk), 40, ticks=1)
        panel.refresh_from_db()
        return {
            "key": account.access_key_id,
            "type": panel.qualification_type.qualification_type_id if panel.qualification_type else "",
            "panel": [panel.state, panel.problem, panel.members.inside().filter(held=True).count()],
            "letters": dict(
                Counter(MessageRecipient.objects.filter(account=account).values_list("outcome", flat=True))
            ),
            "blocked": list(WorkerBlock.objects.of(account).standing().values_list("worker_id", flat=True)),
            "not done": list(self._rows().exclude(state=State.DONE).values_list("kind", "state", "error_message")),
            "audit": [str(fault) for fault in audit.verify(account.slug)],
        }

    def _is_told(self, panel: int) -> bool:
        due = PanelMember.objects.filter(panel=panel).inside()
        filled = Panel.objects.filter(pk=panel, state=PanelState.ON).exists()
        jobs = Job.objects.filter(account=self.lab.account, state__in=["preparing", "running"])
        moving = self._rows().filter(state__in=MOVING)
        return filled and not due.filter(held=False).exists() and not jobs.exists() and not moving.exists()

    def tick(self, times: int = 1) -> None:
        """What beat does every few seconds; and with several times, every message comes that often."""
        for _ in range(times):
            tasks.sweep.apply_async(expires=10, retry=False)
        for _ in range(times if times > 1 else 0):
            tasks.deliver.apply_async((self.lab.account.pk,), expires=30, retry=False)

    def _rows(self) -> Any:
        close_old_connections()
        return Command.objects.filter(account=self.lab.account)

    def states(self) -> dict[str, int]:
        return dict(Counter(self._rows().values_list("state", flat=True)))

    def wait_for_calls(self, seconds: float = 20) -> dict[str, int]:
        """Until something was sent and has no answer yet."""
        return self._wait(lambda: self._rows().filter(state=State.SENDING).exclude(sent_at=None).exists(), seconds)

    def wait_for_attempts(self, seconds: float = 30) -> dict[str, int]:
        """Until each was tried, and nothing is out."""
        return self._wait(
            lambda: (
                not self._rows().filter(attempts=0).exists() and not self._rows().filter(state=State.SENDING).exists()
            ),
            seconds,
        )

    def wait_until_settled(self, seconds: float = 60, ticks: int = 1) -> dict[str, int]:
        """Until nothing moves any more: done, failed, or for a person to decide."""
        return self._wait(lambda: not self._rows().filter(state__in=MOVING).exists(), seconds, ticks)

    def _wait(self, over: Callable[[], bool], seconds: float, ticks: int = 0) -> dict[str, int]:
        end = time.monotonic() + seconds
        while not over() and time.monotonic() < end:
            if ticks:
                self.tick(ticks)
            time.sleep(0.15)
        return self.states()

    def decide(self, happened: list[str]) -> list[str]:
        """A person looked what really happened, says so, and has the others tried again; whom that was about."""
        by = self.lab.people["manager"]
        subjects = []
        for command in self._rows().select_related("account", "requested_by").filter(state=State.ATTENTION):
            subject = command.assignment_id or command.hit_id
            subjects.append(subject)
            commands.decide(command, by=by, happened=subject in happened, reason="MTurk's own page says so.")
            if subject not in happened:
                commands.retry(command, by=by)
        return subjects

    def found(self) -> dict[str, Any]:
        """Everything our side believes at the end."""
        account = self.lab.account
        account.refresh_from_db()
        return {
            "not done": list(
                self._rows().exclude(state=State.DONE).values_list("state", "error_message", "waiting_for")
            ),
            "commands": self._rows().count(),
            "statuses": sorted(set(Assignment.objects.filter(account=account).values_list("status", flat=True))),
            "verdicts": Assignment.objects.filter(account=account).exclude(verdict=None).count(),
            "places": sorted(set(HIT.objects.filter(account=account).values_list("max_assignments", flat=True))),
            "audit": [str(fault) for fault in audit.verify(account.slug)],
            "budget": str(account.committed - budget.recount(account.pk)),
        }


def main() -> None:
    desk = Desk(sys.argv[2])
    for line in sys.stdin:
        request = json.loads(line)
        try:
            close_old_connections()
            answer = {"answer": getattr(desk, request.pop("do"))(**request)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
