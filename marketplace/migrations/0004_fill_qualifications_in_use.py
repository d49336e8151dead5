from django.db import migrations

BATCH = 1000


def fill(apps, schema_editor):
    """Which qualification types the HIT types made so far ask for."""
    HITType = apps.get_model("marketplace", "HITType")
    RequiredQualification = apps.get_model("marketplace", "RequiredQualification")
    waiting = []
    for pk, requirements in HITType.objects.values_list("pk", "requirements").iterator(BATCH):
        waiting += [
            RequiredQualification(hit_type_id=pk, qualification_type_id=type_id)
            for type_id in {requirement["QualificationTypeId"] for requirement in requirements}
        ]
        if len(waiting) >= BATCH:
            RequiredQualification.objects.bulk_create(waiting, ignore_conflicts=True)
            waiting = []
    RequiredQualification.objects.bulk_create(waiting, ignore_conflicts=True)


class Migration(migrations.Migration):
    # Apart from the table's own migration: PostgreSQL does not alter a table in the transaction that filled it.
    dependencies = [("marketplace", "0003_qualifications_in_use")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
