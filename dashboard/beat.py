"""Celery's beat, which goes on at once when this machine's clock was moved back."""

from datetime import timedelta
from typing import Any

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):
    """Celery's own would send nothing until the clock has caught up with what it remembers, and look healthy."""

    def tick(self, *args: Any, **options: Any) -> float:
        now = self.app.now()
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at > now + timedelta(seconds=1)]
        if ahead:
            for entry in ahead:
                entry.last_run_at = now
            self._heap = None  # when each is due next is worked out anew
        return super().tick(*args, **options)
