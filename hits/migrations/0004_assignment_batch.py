from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


def copy_from_hits(apps, schema_editor):
    hits = apps.get_model("hits", "HIT").objects.filter(pk=models.OuterRef("hit"))
    apps.get_model("hits", "Assignment").objects.update(batch=models.Subquery(hits.values("batch")))


class Migration(migrations.Migration):
    dependencies: ClassVar = [("hits", "0003_indexes_of_what_is_on_its_way")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="assignment",
            name="batch",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="assignments",
                to="hits.batch",
            ),
        ),
        migrations.RunPython(copy_from_hits, migrations.RunPython.noop),
    ]
