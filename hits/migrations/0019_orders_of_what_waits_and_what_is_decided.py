"""An order of what waits holds nothing else: SQLite would take that of all submitted ones, whatever is on its way.

A few seconds for a million assignments.
"""

from django.db import migrations, models
from django.db.models import Q

WAITS = Q(("gone_at", None), ("status", "Submitted"), ("verdict", None))
IS_DECIDED = ~Q(("status", "Submitted"))


class Migration(migrations.Migration):
    dependencies = [("hits", "0018_fewer_indexes_of_assignments")]

    operations = [
        migrations.RemoveIndex(model_name="assignment", name="assignment_by_deadline"),
        migrations.RemoveIndex(model_name="assignment", name="assignment_by_submission"),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                fields=["account", "submitted_at", "id"], condition=WAITS, name="assignment_waiting_new"
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                fields=["account", "status", "auto_approval_at", "id"],
                condition=IS_DECIDED,
                name="assignment_decided_deadline",
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                fields=["account", "status", "submitted_at", "id"], condition=IS_DECIDED, name="assignment_decided_new"
            ),
        ),
    ]
