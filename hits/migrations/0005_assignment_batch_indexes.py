from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    # Apart from 0004, since PostgreSQL changes no table that holds rows changed in the same transaction.
    dependencies: ClassVar = [("hits", "0004_assignment_batch")]

    operations: ClassVar = [
        migrations.AlterField(
            model_name="assignment",
            name="batch",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="assignments",
                to="hits.batch",
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(fields=["account", "batch", "auto_approval_at", "id"], name="assignment_batch_deadline"),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(fields=["account", "batch", "submitted_at", "id"], name="assignment_batch_submission"),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                fields=["account", "batch", "status", "auto_approval_at", "id"], name="assignment_batch_by_deadline"
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                fields=["account", "batch", "status", "submitted_at", "id"], name="assignment_batch_by_submission"
            ),
        ),
    ]
