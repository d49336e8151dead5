"""The demo's four users and its one account."""

from django.contrib.auth.hashers import check_password, make_password

from dashboard.models import Account, Environment, Membership, Role, User

SLUG = "lab"
# Names a person can tell apart on a page; they sign in as viewer, reviewer, approver and manager.
ROLES = (Role.VIEWER, Role.REVIEWER, Role.APPROVER, Role.MANAGER)


def make_people(password: str) -> dict[Role, User]:
    """One user for each role, named like it, with that password; the manager may also open the admin."""
    people = {}
    hashed = ""
    for role in ROLES:
        user, _ = User.objects.get_or_create(username=role.label, defaults={"email": f"{role.label}@demo.invalid"})
        is_manager = role == Role.MANAGER
        # Hashing is slow on purpose, and a new hash would sign everybody out: once for all, and only where it changed.
        if not user.password or (user.password != hashed and not check_password(password, user.password)):
            user.password = hashed or make_password(password)
        hashed = user.password
        user.is_active, user.is_staff, user.is_superuser = True, is_manager, is_manager
        user.save(update_fields=["password", "is_active", "is_staff", "is_superuser"])
        people[role] = user
    return people


def make_account(marketplace_url: str, access_key: str, people: dict[Role, User]) -> Account:
    """The account "Lab" at that marketplace, with everybody in it. A changed address (another port) is followed."""
    account, _ = Account.objects.get_or_create(
        slug=SLUG, defaults={"name": "Lab", "environment": Environment.MARKETPLACE}
    )
    account.endpoint_url = marketplace_url
    if account.access_key_id != access_key or not account.secret_encrypted:
        account.access_key_id = access_key
        account.secret_access_key = "demo"  # a marketplace that is not strict accepts any  # noqa: S105
    account.save(update_fields=["endpoint_url", "access_key_id", "secret_encrypted"])
    for role, user in people.items():
        # Where somebody changed a role by hand, that stays.
        Membership.objects.get_or_create(account=account, user=user, defaults={"role": role})
    return account
