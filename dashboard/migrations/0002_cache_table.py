from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    # The embedded default keeps its cache in the database; with Redis this does nothing.
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0001_initial")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
