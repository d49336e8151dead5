from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("hits", "0001_initial")]

    operations: ClassVar = [
        migrations.AddIndex(
            model_name="hit",
            index=models.Index(fields=["account", "status", "-created_at", "-id"], name="hit_by_status"),
        ),
        migrations.AddIndex(
            model_name="hit",
            index=models.Index(fields=["account", "expires_at", "id"], name="hit_by_end"),
        ),
    ]
