from django.db import migrations, models
from django.db.models import Q

WAITS = "a letter is still to be sent, where "


class Migration(migrations.Migration):
    dependencies = [("marketplace", "0005_worker_site")]

    operations = [
        # What was written before letters were sent stays where it was read: False for those rows, True from now on.
        migrations.AddField("message", "to_mail", models.BooleanField(default=False)),
        migrations.AlterField("message", "to_mail", models.BooleanField(default=True, help_text=WAITS + "one is wanted")),
        migrations.AddField("inquiry", "to_mail", models.BooleanField(default=False)),
        migrations.AlterField(
            "inquiry", "to_mail", models.BooleanField(default=True, help_text=WAITS + "there is an address")
        ),
        migrations.AddIndex("message", models.Index(fields=["id"], condition=Q(to_mail=True), name="messages_to_mail")),
        migrations.AddIndex(
            "inquiry", models.Index(fields=["id"], condition=Q(to_mail=True), name="inquiries_to_mail")
        ),
        migrations.AddIndex(
            "hit",
            models.Index(
                fields=["hit_type", "id", "created_at", "expiration", "requester"],
                condition=Q(disposed_at=None, open_slots__gt=0),
                name="hits_to_take",
            ),
        ),
    ]
