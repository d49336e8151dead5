"""May this person do that? check_… raises Denied with the sentence the person reads; can_… answers yes or no."""

import re
from decimal import Decimal

from django.db.models import Q

from dashboard.models import Account, Membership, Role, User

FEEDBACK_LONGEST = 1024
# What MTurk refuses in RequesterFeedback (api:151).
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Denied(Exception):
    """Not allowed, or not possible now; the message is for the person who asked."""


def role_of(user: User, account: Account) -> Role | None:
    value = Membership.objects.filter(account=account, user=user).values_list("role", flat=True).first()
    return Role(value) if value is not None else None


def check_role(user: User, account: Account, needed: Role, doing: str) -> None:
    """Raise Denied unless the person's role in the account is at least `needed`."""
    role = role_of(user, account)
    if role is None or role < needed:
        article = "an" if needed.label[0] in "aeiou" else "a"
        raise Denied(f"You need to be {article} {needed.label} of this account to {doing}.")


def can(user: User, account: Account, needed: Role) -> bool:
    role = role_of(user, account)
    return role is not None and role >= needed


def check_can_release(user: User, account: Account, *, requested_by: User) -> None:
    """Approvers release and decline proposals, never their own."""
    check_role(user, account, Role.APPROVER, "release what others propose")
    if requested_by == user:
        raise Denied("You asked for this yourself: another approver has to release it.")


def bonus_needs_release(user: User, account: Account, amount: Decimal) -> bool:
    """A reviewer's bonus always waits for an approver; anybody's above the account's limit does."""
    if not can(user, account, Role.APPROVER):
        return True
    return account.release_bonus_above is not None and amount > account.release_bonus_above


def rejection_needs_release(user: User, account: Account) -> bool:
    return account.release_rejections


def block_needs_release(user: User, account: Account) -> bool:
    """A reviewer's block always waits for an approver; anybody's does where the account says so."""
    return account.release_blocks or not can(user, account, Role.APPROVER)


def check_address_is_free(email: str, user: User) -> None:
    """Raise Denied where somebody else has this address: members are added by it, and a claimant would be let in."""
    taken = User.objects.filter(Q(email__iexact=email) | Q(username__iexact=email)).exclude(pk=user.pk)
    if email and taken.exists():
        raise Denied("Somebody else has this address.")


def check_text_for_worker(text: str) -> str:
    """A text a worker will read, as MTurk takes it; Denied where MTurk would refuse it."""
    text = text.strip()
    if len(text) > FEEDBACK_LONGEST:
        raise Denied(f"The text has {len(text)} characters; {FEEDBACK_LONGEST} is the most.")
    if _CONTROL.search(text):
        raise Denied("The text contains control characters. Type it again, or paste it as plain text.")
    return text
