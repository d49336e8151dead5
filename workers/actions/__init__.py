"""What a person can do for or to a worker."""

from workers.actions.bonuses import LARGEST_BONUS, bonus_params, check_bonus, check_can_bonus, pay_bonus

__all__ = ["LARGEST_BONUS", "bonus_params", "check_bonus", "check_can_bonus", "pay_bonus"]
