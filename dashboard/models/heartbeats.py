from typing import ClassVar

from django.db import models


class Heartbeat(models.Model):
    """When a process was last seen at work: `worker`, `beat`, or the answer to a question of `check_deployment`."""

    name = models.CharField(primary_key=True, max_length=80)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
