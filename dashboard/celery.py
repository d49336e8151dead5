"""The Celery application. Tasks carry ids only; the database holds what is to be done."""

import os
from typing import Any

from celery import Celery, bootsteps, signals
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

TRANSPORT_ALIASES["filesystem"] = "dashboard.broker:Transport"
app = Celery("hitdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


class ShortWaits(bootsteps.StartStopStep):
    """A worker that is asked to end does so at once, instead of being killed for taking too long.

    With a pool of threads, Celery looks for its end only between waits of two seconds, and waits once more after it.
    """

    requires = ("celery.worker.consumer.connection:Connection",)

    def start(self, consumer: Any) -> None:
        transport = consumer.connection.transport
        drain = transport.drain_events

        def drain_briefly(connection: Any, timeout: float | None = None, **options: Any) -> Any:
            return drain(connection, timeout=None if timeout is None else min(timeout, 0.25), **options)

        transport.drain_events = drain_briefly


app.steps["consumer"].add(ShortWaits)


@signals.worker_ready.connect
def worker_is_alive(**kwargs: Any) -> None:
    from dashboard import heartbeat

    heartbeat.keep_touching(heartbeat.WORKER)


@signals.beat_init.connect
def beat_is_alive(**kwargs: Any) -> None:
    """Beat is alive when the broker takes what it sends, and not while it waits for a broker that is gone."""
    from dashboard import heartbeat

    def sent(**kwargs: Any) -> None:
        heartbeat.touch_sometimes(heartbeat.BEAT)

    signals.after_task_publish.connect(sent, weak=False)  # in this process nothing but beat sends
