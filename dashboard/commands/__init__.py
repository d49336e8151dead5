"""The write path: every write to MTurk is a Command row before it is a call.

    ask -> (undo window) -> claim -> call -> settle

A claim is a short transaction, the call happens with none open, settling is another. What a worker leaves behind when
it dies is found by `sweep`. Which operation, what an answer means and what changes in the mirror is said by a Kind in
the `commands.py` of the app it belongs to.
"""

from dashboard.commands.asking import ask, made_before, raise_who_was_first, undo_window, wake
from dashboard.commands.claiming import claim, mark_sent
from dashboard.commands.deciding import cancel, decide, decline, release, retry
from dashboard.commands.delivery import clear_problem, deliver_due, note_problem, settle, settle_many
from dashboard.commands.kinds import TOKEN_LIFE, Kind, Outcome, kind_named, kind_of, register, token_holds
from dashboard.commands.recovery import resolve_unknown, sweep
from dashboard.commands.states import TRANSITIONS, move

__all__ = [
    "TOKEN_LIFE", "TRANSITIONS", "Kind", "Outcome", "ask", "cancel", "claim", "clear_problem", "decide", "decline",
    "deliver_due", "kind_named", "kind_of", "made_before", "mark_sent", "move", "note_problem", "raise_who_was_first",
    "register", "release", "resolve_unknown", "retry", "settle", "settle_many", "sweep", "token_holds", "undo_window",
    "wake",
]  # fmt: skip
