"""The writes that concern a worker: bonuses, blocks, messages."""

from workers.commands.blocks import CreateWorkerBlock, DeleteWorkerBlock, block_key
from workers.commands.bonuses import SendBonus
from workers.commands.messages import MOST_AT_ONCE, NotifyWorkers

__all__ = ["MOST_AT_ONCE", "CreateWorkerBlock", "DeleteWorkerBlock", "NotifyWorkers", "SendBonus", "block_key"]
