"""What people say about workers, as domain types or as sentences."""

from workers.forms.bonuses import BonusForm

__all__ = ["BonusForm"]
