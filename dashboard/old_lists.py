"""The end of what people sent as lists and files: some rows at a time, so that nobody waits for it. What was done by
them stands in the commands and in the audit."""

from datetime import timedelta
from typing import Any

from django.db import models, transaction

from dashboard.models import STOPPED_JOBS, Job, JobState

KEPT = timedelta(days=30)
#: Rows that go in one transaction, and so in one sweep.
CHUNK = 5_000
_OVER = (JobState.DONE, *STOPPED_JOBS)


def forget_old(lists: models.QuerySet[Any], rows: str, *, selected_as: str = "") -> None:
    """Delete some rows of the first of these lists, and the list with the last of them. `rows`: what the list calls
    them; `selected_as`: what the selection of a job that a list began calls the list. One with a job that is not over
    stays, and however many do, others go."""
    if selected_as:
        begun = Job.objects.exclude(state__in=_OVER).filter(selection__has_key=selected_as).order_by()
        lists = lists.exclude(pk__in=list(begun.values_list(f"selection__{selected_as}", flat=True)))
    first = lists.first()
    if first is not None:
        forget_some(first, rows)


@transaction.atomic
def forget_some(of: Any, rows: str) -> None:
    """Delete some rows of a list, and the list with the last of them."""
    its = getattr(of, rows).order_by("pk")
    last = its.values_list("pk", flat=True)[CHUNK - 1 : CHUNK].first()
    if last is None:
        of.delete()
    else:
        its.filter(pk__lte=last).delete()
