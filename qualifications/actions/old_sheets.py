"""The end of lists. What was done by them stands in the commands and in the audit."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from dashboard.models import Job, JobState
from qualifications.models import Line, Sheet

KEPT = timedelta(days=30)
#: Lines that go in one transaction, and so in one sweep.
CHUNK = 5_000
_OVER = (JobState.DONE, JobState.CANCELLED, JobState.DECLINED, JobState.FAILED)


def forget_old() -> None:
    """Delete some lines of the oldest list that is older than KEPT, and the list with the last of them. One whose job
    is not over stays."""
    for sheet in Sheet.objects.filter(made_at__lt=timezone.now() - KEPT).order_by("pk")[:20]:
        jobs = Job.objects.filter(account=sheet.account_id, selection__sheet=sheet.pk).exclude(state__in=_OVER)
        if jobs.exists():
            continue
        with transaction.atomic():
            lines = Line.objects.filter(sheet=sheet).order_by("pk")
            last = lines.values_list("pk", flat=True)[CHUNK - 1 : CHUNK].first()
            if last is None:
                sheet.delete()
            else:
                lines.filter(pk__lte=last).delete()
        return
