"""The end of uploads."""

from django.utils import timezone

from dashboard import old_lists
from hits.models import GoldUpload, Upload


def forget_old() -> None:
    """Delete some rows of the oldest upload that is kept no longer, and of the oldest file of gold."""
    before = timezone.now() - old_lists.KEPT
    old = Upload.objects.filter(created_at__lt=before).order_by("created_at")
    old_lists.forget_old(old, "rows", selected_as="upload")
    old_gold = GoldUpload.objects.filter(state=GoldUpload.State.OPEN, created_at__lt=before)
    old_lists.forget_old(old_gold.order_by("pk"), "rows")
