from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class DashboardConfig(AppConfig):
    name = "dashboard"

    def ready(self) -> None:
        from dashboard import checks  # noqa: F401 - importing registers them

        # Each app's commands.py registers its kinds of Command, its jobs.py what can be done in bulk, its
        # reconcile.py what is compared with MTurk.
        autodiscover_modules("commands", "jobs", "reconcile")
