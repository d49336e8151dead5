"""What a person says about money for a worker."""

from decimal import Decimal

from django import forms

from workers.actions.bonuses import LARGEST_BONUS


class BonusForm(forms.Form):
    amount = forms.DecimalField(
        decimal_places=2,
        error_messages={
            "invalid": "Dollars and cents, such as 0.50.",
            "max_decimal_places": "Dollars and cents, such as 0.50.",
            "required": "Say how much.",
        },
    )
    reason = forms.CharField(
        max_length=1000, error_messages={"required": "Say what the bonus is for: the worker reads it."}
    )
    form_key = forms.UUIDField(required=False)

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if not 0 < amount <= LARGEST_BONUS:
            raise forms.ValidationError(f"A bonus is between $0.01 and ${LARGEST_BONUS:,}.")
        return amount
