"""What is written of inputs from now on; rows that are there are read as they are, and no database has to know."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hits", "0021_gold_files_read_by_a_worker")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="hitinput",
                    name="values",
                    field=models.JSONField(
                        default=list, help_text="[name of the variable, its value], both text, in their order."
                    ),
                ),
            ],
        ),
    ]
