"""The keys of the review pages: which one does what, and which of them a person has changed."""

from typing import Any

from dashboard.models import User
from dashboard.permissions import Denied

#: Action: (key, words, where). Within one page no two may have the same.
ACTIONS: dict[str, tuple[str, str, str]] = {
    "approve": ("a", "Approve", "both"),
    "reject": ("r", "Reject, with a reason", "both"),
    "undo": ("u", "Undo the last thing", "both"),
    "bonus": ("b", "Pay a bonus", "workbench"),
    "override": ("o", "Approve after all (override a rejection)", "workbench"),
    "usable": ("1", "As data: usable", "workbench"),
    "unusable": ("2", "As data: unusable", "workbench"),
    "unsure": ("3", "As data: unsure", "workbench"),
    "corrected": ("4", "As data: correct it", "workbench"),
    "flag": ("f", "Flag", "workbench"),
    "next": ("j", "Next", "both"),
    "previous": ("k", "Previous", "both"),
    "list": ("q", "Back to the list", "workbench"),
    "question": ("i", "What the worker was asked", "workbench"),
    "replay": ("v", "The task as the worker saw it", "workbench"),
    "compare": ("c", "All answers of the HIT side by side", "workbench"),
    "gold": ("g", "Mark as gold", "workbench"),
    "take": ("t", "Take the next 20", "both"),
    "select": ("x", "Tick the row", "queue"),
    "start": ("w", "Start with the first", "queue"),
    "filter": ("f", "Add a filter", "queue"),
    "views": ("s", "Saved views", "queue"),
    "page_next": ("n", "Next page", "queue"),
    "page_previous": ("p", "Previous page", "queue"),
}
#: Keys that mean the same everywhere and cannot be given away.
FIXED = {"?": "the list of keys", "/": "the search", "Enter": "opening and sending", "Escape": "leaving"}
_TOGETHER = ({"queue", "both"}, {"workbench", "both"})
DEFAULTS = {action: key for action, (key, _, _) in ACTIONS.items()}


def keys_of(user: Any) -> dict[str, str]:
    """Action: key, as this person has them."""
    chosen = getattr(user, "keys", None) or {}
    return {action: str(chosen.get(action, key)) for action, key in DEFAULTS.items()} if chosen else DEFAULTS


def check_keys(keys: dict[str, str]) -> dict[str, str]:
    """The keys as they are kept: only what differs from ours. Denied with the sentence which two collide."""
    wanted = {action: keys.get(action, "").strip().lower() or key for action, key in DEFAULTS.items()}
    for action, key in wanted.items():
        words = ACTIONS[action][1]
        if key in FIXED:
            raise Denied(f"“{key}” is {FIXED[key]} on every page. Choose another key for “{words}”.")
        if len(key) != 1 or not key.isprintable() or key.isspace():
            raise Denied(f"“{words}” needs a single letter, digit or sign; “{key[:20]}” is none.")
    for together in _TOGETHER:
        holder: dict[str, str] = {}
        for action, key in wanted.items():
            words, where = ACTIONS[action][1:]
            if where not in together:
                continue
            if key in holder:
                raise Denied(f"“{key}” would mean both “{holder[key]}” and “{words}”. Give one of them another key.")
            holder[key] = words
    return {action: key for action, key in wanted.items() if key != DEFAULTS[action]}


def save_keys(user: User, keys: dict[str, str]) -> None:
    """Keep the keys a person chose; all of ours where `keys` is empty."""
    user.keys = check_keys(keys)
    user.save(update_fields=["keys"])
