"""Workers who were paid a bonus before workers had rows: their sums. All other figures the digest counts by itself."""

from typing import Any

from django.db import migrations
from django.db.models import Count, Sum


def count(apps: Any, schema_editor: Any) -> None:
    payment, worker = apps.get_model("workers", "BonusPayment"), apps.get_model("workers", "Worker")
    sums = payment.objects.order_by().values("account_id", "worker_id").annotate(total=Sum("amount"), count=Count("pk"))
    worker.objects.bulk_create(
        (
            worker(
                account_id=row["account_id"],
                worker_id=row["worker_id"],
                bonus_total=row["total"],
                bonus_count=row["count"],
            )
            for row in sums.iterator(chunk_size=1000)
        ),
        batch_size=500,
    )


class Migration(migrations.Migration):
    dependencies = [("workers", "0003_people_blocks_messages")]

    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
