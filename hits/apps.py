from django.apps import AppConfig
from django.db.models.signals import post_migrate


class HitsConfig(AppConfig):
    name = "hits"

    def ready(self) -> None:
        from hits.models.plans import write_plans

        post_migrate.connect(write_plans, sender=self)
