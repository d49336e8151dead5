"""Of an assignment's indexes four go and one of two is made: what they found is found by others, and sorted.

A few seconds for a million assignments.
"""

import django.db.models.deletion
from django.db import migrations, models


def drop_index_of_account(apps, schema_editor):
    """By hand, since Django would build SQLite's table anew for it, a million answers and all their indexes."""
    table, connection = apps.get_model("hits", "Assignment")._meta.db_table, schema_editor.connection
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, table)
    for name, found in constraints.items():
        plain = found["index"] and not (found["unique"] or found["primary_key"] or found["foreign_key"])
        if plain and found["columns"] == ["account_id"]:
            schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


def make_index_of_account(apps, schema_editor):
    table = apps.get_model("hits", "Assignment")._meta.db_table
    schema_editor.execute(f"CREATE INDEX hits_assignment_account_id_80d992ca ON {table} (account_id)")


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0010_incoming_files"), ("hits", "0017_bonuses_of_a_batch")]

    operations = [
        migrations.RemoveIndex(model_name="assignment", name="assignment_by_worker"),
        migrations.RemoveIndex(model_name="assignment", name="assignment_worker_by_deadline"),
        migrations.RemoveIndex(model_name="assignment", name="assignment_hit_by_deadline"),
        migrations.RemoveIndex(model_name="assignment", name="assignment_hit_by_submission"),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                fields=["account", "worker_id", "submitted_at", "id", "status"], name="assignment_of_worker"
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_index_of_account, make_index_of_account)],
            state_operations=[
                migrations.AlterField(
                    model_name="assignment",
                    name="account",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assignments",
                        to="dashboard.account",
                    ),
                ),
            ],
        ),
    ]
