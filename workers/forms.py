"""What a person says about money for a worker."""

from decimal import Decimal

from django import forms

from workers.actions import LARGEST_BONUS


class BonusForm(forms.Form):
    amount = forms.DecimalField(
        min_value=Decimal("0.01"),
        max_value=LARGEST_BONUS,
        max_digits=6,
        decimal_places=2,
        error_messages={"invalid": "Dollars and cents, such as 0.50.", "required": "Say how much."},
    )
    reason = forms.CharField(
        max_length=1000, error_messages={"required": "Say what the bonus is for: the worker reads it."}
    )
    form_key = forms.UUIDField(required=False)
