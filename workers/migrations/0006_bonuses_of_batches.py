"""Bonuses that were paid before batches counted them."""

from decimal import Decimal

from django.db import migrations
from django.db.models import Count, OuterRef, Subquery

from marketplace.policies import bonus_fee


def count(apps, schema_editor):
    """One pass over the payments, each found by the index of AssignmentIds; a second run writes the same."""
    payments = apps.get_model("workers", "BonusPayment").objects
    assignments = apps.get_model("hits", "Assignment").objects
    figures = apps.get_model("hits", "BatchFigures").objects
    its = assignments.filter(account=OuterRef("account"), assignment_id=OuterRef("assignment_id"))
    paid = (
        payments.annotate(batch=Subquery(its.values("batch")[:1]))
        .exclude(batch=None)
        .order_by()
        .values_list("batch", "amount")
        .annotate(number=Count("pk"))
    )
    sums: dict[int, Decimal] = {}
    for batch, amount, number in paid:
        sums[batch] = sums.get(batch, Decimal(0)) + (amount + bonus_fee(amount)) * number
    accounts = dict(apps.get_model("hits", "Batch").objects.filter(pk__in=list(sums)).values_list("pk", "account"))
    for batch, total in sums.items():
        figures.update_or_create(pk=batch, defaults={"bonuses": total, "account_id": accounts[batch]})


class Migration(migrations.Migration):
    dependencies = [
        ("workers", "0005_blocks_and_times"),
        ("hits", "0017_bonuses_of_a_batch"),
    ]
    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
