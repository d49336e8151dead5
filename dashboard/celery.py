"""The Celery application. Tasks carry ids only; the database holds what is to be done."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

app = Celery("hitdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
