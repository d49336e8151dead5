"""The end of lists."""

from django.utils import timezone

from dashboard import old_lists
from qualifications.models import Sheet


def forget_old() -> None:
    """Delete some lines of the oldest list that is kept no longer."""
    old = Sheet.objects.filter(made_at__lt=timezone.now() - old_lists.KEPT).order_by("pk")
    old_lists.forget_old(old, "lines", selected_as="sheet")
