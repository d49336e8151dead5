"""How far marketplace time was moved."""

from django.db import models


class Clock(models.Model):
    """One row: how far marketplace time runs ahead of the machine's clock."""

    ONLY = 1
    offset_ms = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.offset_ms} ms ahead"
