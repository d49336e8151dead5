"""Pages of the worker site, by what they are about."""

from .doing import accept_next, external_submit, frame, submit_form, task, task_next, task_state
from .earnings import earnings
from .finding import accept, give_back, group, group_at_mturk, groups, in_hand, skip
from .front import from_platform, front, join
from .messages import contact, messages
from .profile import profile
from .qualifications import ask, hand_in, qualification, qualifications

__all__ = [
    "accept",
    "accept_next",
    "ask",
    "contact",
    "earnings",
    "external_submit",
    "frame",
    "from_platform",
    "front",
    "give_back",
    "group",
    "group_at_mturk",
    "groups",
    "hand_in",
    "in_hand",
    "join",
    "messages",
    "profile",
    "qualification",
    "qualifications",
    "skip",
    "submit_form",
    "task",
    "task_next",
    "task_state",
]
