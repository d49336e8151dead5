"""Those who are blocked stand in the order of the table: to sort a few among a million, all of it was gone through."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workers", "0006_bonuses_of_batches")]

    operations = [
        migrations.RemoveIndex(model_name="worker", name="worker_blocked"),
        migrations.RemoveIndex(model_name="worker", name="worker_soft_blocked"),
        migrations.AddIndex(
            model_name="worker",
            index=models.Index(
                fields=["account", "last_at", "id"], condition=models.Q(blocked=True), name="worker_blocked_last"
            ),
        ),
        migrations.AddIndex(
            model_name="worker",
            index=models.Index(
                fields=["account", "last_at", "id"], condition=models.Q(soft_blocked=True), name="worker_soft_blocked_last"
            ),
        ),
    ]
