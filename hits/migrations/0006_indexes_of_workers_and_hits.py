from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("hits", "0005_assignment_batch_indexes")]

    operations: ClassVar = [
        migrations.RemoveIndex(model_name="assignment", name="assignment_by_hit"),
        migrations.AddIndex(
            model_name="hit",
            index=models.Index(fields=["hit_id"], name="hit_by_name"),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                fields=["account", "hit", "status", "auto_approval_at", "id"], name="assignment_hit_by_deadline"
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                fields=["account", "worker_id", "status", "auto_approval_at", "id"],
                name="assignment_worker_by_deadline",
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                fields=["account", "hit", "status", "submitted_at", "id"], name="assignment_hit_by_submission"
            ),
        ),
    ]
