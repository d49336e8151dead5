"""Whom something is for: ids that somebody pasted, or all that match the filters of the table."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from dashboard import selections
from dashboard.models import Account
from dashboard.permissions import Denied
from hits.models import Batch
from workers.actions import check_worker_id
from workers.forms.people import WORKER_STATUSES, WorkerFilter
from workers.models import Worker

#: Ids that are taken at a time; more are better chosen by a filter, or come in several parts.
MOST_IDS = 10_000
_SHOWN_PROBLEMS = 100


@dataclass
class Whom:
    """A selection as jobs keep it, and what is said about it. `problems` is a sentence for each id that is none."""

    ids: list[str] = field(default_factory=list)
    filters: WorkerFilter | None = None
    problems: list[str] = field(default_factory=list)
    more_problems: int = 0

    @property
    def selection(self) -> dict[str, Any]:
        return {"ids": self.ids} if self.filters is None else {"filter": self.filters.frozen()}

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The filters for a form to carry along; none where ids were pasted."""
        if self.filters is None:
            return []
        return [("filter", "yes"), *((name, str(value)) for name, value in self.filters.chosen().items())]

    def words(self, batch: Batch | None) -> list[str]:
        """The filters as chips."""
        if self.filters is None:
            return []
        status = WORKER_STATUSES[self.filters.chosen().get("status", "")]
        return [f"{status} workers" if status == "All" else status, *self.filters.labels(batch).values()]

    def batch(self, account: Account) -> Batch | None:
        """The batch they were chosen by."""
        key = self.filters.chosen().get("batch") if self.filters is not None else None
        return Batch.objects.filter(account=account, pk=key).first() if key else None

    def note(self, sentence: str) -> None:
        if len(self.problems) < _SHOWN_PROBLEMS:
            self.problems.append(sentence)
        else:
            self.more_problems += 1


def whom(query: QueryDict) -> Whom:
    """From the address of a page, or the hidden fields of its form: `ids`, or the table's filters and `filter=yes`."""
    if "ids" in query:
        return pasted(query.get("ids", ""))
    return Whom(filters=WorkerFilter(query)) if query.get("filter") == "yes" else Whom()


@selections.register("workers")
def selected(account: Account, query: QueryDict) -> selections.Selected:
    """All that match the table's filters, for other apps."""
    found = Whom(filters=WorkerFilter(query))
    rows = Worker.objects.of(account).selected(found.selection)
    return selections.Selected(rows, found.words(found.batch(account)), found.pairs)


def pasted(text: str) -> Whom:
    """Ids between blanks, commas, semicolons or new lines; each that is none gets a sentence of its own."""
    found = Whom()
    seen: set[str] = set()
    for word in re.split(r"[\s,;]+", text.strip()):
        if not word:
            continue
        try:
            worker_id = check_worker_id(word.strip("\"'"))
        except Denied as reason:
            found.note(str(reason))
            continue
        if worker_id in seen:
            found.note(f"{worker_id} stands there twice; it counts once.")
        elif len(found.ids) < MOST_IDS:
            found.ids.append(worker_id)
        else:
            found.note(f"{worker_id} is one too many: {MOST_IDS:,} are taken at a time.")
        seen.add(worker_id)
    return found


def note_strangers(found: Whom, account: Account, sentence: str) -> None:
    """Say of each id that nobody of that id ever worked here, in the words given ({worker_id})."""
    known = set(Worker.objects.of(account).filter(worker_id__in=found.ids).values_list("worker_id", flat=True))
    for worker_id in found.ids:
        if worker_id not in known:
            found.note(sentence.format(worker_id=worker_id))
