"""What managers do: accounts, their policy, their members. Each is one transaction with its audit event."""

from typing import Any

from django.db import IntegrityError, transaction

from dashboard import audit, budget, commands, rate
from dashboard.models import Account, Membership, Role, User
from dashboard.permissions import Denied, check_role

#: Columns whose change is worth a line in the audit; the secret is named, never shown.
_TOLD = (
    "name", "environment", "endpoint_url", "region", "credentials", "credentials_reference", "access_key_id",
    "undo_seconds", "release_rejections", "release_bonus_above", "release_job_above", "release_blocks",
    "rate_cap", "budget_cap",
)  # fmt: skip


@transaction.atomic
def create_manager(*, username: str, password: str, email: str = "") -> User:
    """The first person of a new server. Denied as soon as there is anybody."""
    audit.lock(None)  # of two strangers at once, one is first
    if User.objects.exists():
        raise Denied("Somebody was here first. Sign in, or ask the manager to add you.")
    user = User.objects.create_superuser(username=username, password=password, email=email)
    audit.record("user.first", account=None, by=user, subject=username)
    return user


@transaction.atomic
def create_account(*, account: Account, by: User) -> Account:
    """Save a new account; whoever makes it is its manager."""
    if not (by.is_superuser or Membership.objects.filter(user=by, role=Role.MANAGER).exists()):
        raise Denied("Only a manager adds accounts.")
    account.save()
    Membership.objects.create(account=account, user=by, role=Role.MANAGER)
    audit.record("account.created", account=account, by=by, subject=account.slug, data=_state(account))
    return account


@transaction.atomic
def change_account(*, account: Account, by: User, before: Account) -> None:
    """Save what a form changed in an account. A new connection is tried at once, so an old problem is forgotten."""
    check_role(by, account, Role.MANAGER, "change its settings")
    changed = {
        name: [_text(getattr(before, name)), _text(getattr(account, name))]
        for name in _TOLD
        if getattr(before, name) != getattr(account, name)
    }
    if before.secret_encrypted != account.secret_encrypted:
        changed["secret access key"] = ["another", "a new one"]
    account.problem, account.problem_since, account.problem_count, account.retry_at = "", None, 0, None
    columns = [*_TOLD, "secret_encrypted", "problem", "problem_since", "problem_count", "retry_at"]
    if "rate_cap" in changed:
        rate.reset(account)
        columns += rate.COLUMNS
    # Not the whole row: workers count in it meanwhile.
    account.save(update_fields=columns)
    if "budget_cap" in changed:
        budget.recount(account.pk)
        budget.let_go(account.pk)
        commands.wake(account)
    if changed:
        audit.record("account.changed", account=account, by=by, subject=account.slug, data=changed)


def _state(account: Account) -> dict[str, Any]:
    return {name: _text(getattr(account, name)) for name in _TOLD}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


@transaction.atomic
def add_member(*, account: Account, user: User, role: Role, by: User) -> Membership:
    """Add somebody; a person who is new to the server is saved with the password the form gave them."""
    check_role(by, account, Role.MANAGER, "add members")
    name = user.get_username()
    try:
        with transaction.atomic():
            if user.pk is None:
                user.save()
            membership = Membership.objects.create(account=account, user=user, role=role)
    except IntegrityError:
        # The same form, sent twice in the same moment, or somebody else's.
        first = Membership.objects.filter(account=account, user__username=name, role=role).first()
        if first is None:
            raise Denied(f"{name} was added by somebody else a moment ago. Look at the list of members.") from None
        return first
    audit.record("member.added", account=account, by=by, subject=user.get_username(), data={"role": role.label})
    return membership


@transaction.atomic
def change_member(*, membership: Membership, role: Role | None, by: User) -> None:
    """Give a member another role, or (None) take them off the account. An account never loses its last manager."""
    account = Account.objects.select_for_update().get(pk=membership.account_id)
    check_role(by, account, Role.MANAGER, "change members")
    others = Membership.objects.filter(account=account, role=Role.MANAGER).exclude(pk=membership.pk)
    if role != Role.MANAGER and not others.exists():
        raise Denied("The account would be left without a manager. Make somebody else one first.")
    name, old = membership.user.get_username(), Role(membership.role).label
    if role is None:
        membership.delete()
        audit.record("member.removed", account=account, by=by, subject=name, data={"role": old})
    else:
        membership.role = role
        membership.save(update_fields=["role"])
        audit.record("member.changed", account=account, by=by, subject=name, data={"role": [old, role.label]})
