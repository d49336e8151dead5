"""The writes that concern a worker: bonuses, blocks, messages."""

from workers.commands.bonuses import SendBonus

__all__ = ["SendBonus"]
