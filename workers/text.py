"""Words to workers with places in them: {worker_id} and the like, filled in for each."""

import re
from collections.abc import Mapping

#: Name -> what stands there, for the help beside the form.
VARIABLES = {
    "worker_id": "the worker's id",
    "approved": "how many of their answers were approved here",
    "rejected": "how many were rejected here",
    "waiting": "how many wait for review",
    "answers": "how many they handed in",
    "bonuses": "what they were paid in bonuses, such as $1.50",
    "batch": "the batch they last worked in, or the one you chose them by",
    "account": "the name of this account",
}
_PLACE = re.compile(r"\{(\w+)\}")
# What no mail may hold; the same that MTurk refuses in other texts.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Unsendable(ValueError):
    """Words that cannot be sent as they are; the message is for whoever wrote them."""


def tidy(text: str) -> str:
    """As it is counted and sent: a new line is one character, whatever the browser made of it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def check(text: str, *, what: str) -> None:
    """Raise Unsendable where a text is empty, holds what no mail may, or a place that nothing is filled into."""
    if not text:
        raise Unsendable(f"Write the {what} first.")
    if _CONTROL.search(text):
        raise Unsendable(f"The {what} contains control characters. Type it again, or paste it as plain text.")
    for name in _PLACE.findall(text):
        if name not in VARIABLES:
            known = ", ".join(f"{{{each}}}" for each in VARIABLES)
            raise Unsendable(f"Nothing can be filled in for {{{name[:40]}}} in the {what}. There are {known}.")


def filled(text: str, values: Mapping[str, str]) -> str:
    """In one pass: what is filled in is not looked at again, whatever it holds."""
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), text)


def same_for_all(*texts: str) -> bool:
    """Whether nothing in them differs from worker to worker."""
    return not any(_PLACE.search(text) for text in texts)
