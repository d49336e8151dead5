"""Views of the queue that a team keeps under a name."""

from django.db import transaction

from dashboard import audit
from dashboard.models import Account, Role, User
from dashboard.permissions import Denied, check_role
from hits.models import SavedView

MOST = 100
LONGEST_QUERY = 1000


@transaction.atomic
def save_view(*, account: Account, by: User, name: str, query: str) -> SavedView:
    """Keep filters and order (as in the queue's URL) for everybody; the same name means the view changes."""
    check_role(by, account, Role.REVIEWER, "save a view for the team")
    if len(query) > LONGEST_QUERY:
        raise Denied("These filters are too long to be saved. Take one of them away.")
    views = SavedView.objects.filter(account=account)
    found = views.filter(name=name).first()
    if found is None and views.count() >= MOST:
        raise Denied(f"{MOST} views is the most. Delete one that nobody uses.")
    if found is not None and found.made_by != by:
        check_role(by, account, Role.APPROVER, f"change “{name}”, which {found.made_by or 'somebody'} made")
    view, _ = SavedView.objects.update_or_create(account=account, name=name, defaults={"query": query, "made_by": by})
    audit.record("view.saved", account=account, by=by, subject=name, text=query)
    return view


@transaction.atomic
def rename_view(*, account: Account, by: User, view: int | None, name: str) -> None:
    found = _own(account, by, view)
    if SavedView.objects.filter(account=account, name=name).exclude(pk=found.pk).exists():
        raise Denied(f"There is a view called “{name}” already.")
    before, found.name = found.name, name
    found.save(update_fields=["name"])
    audit.record("view.renamed", account=account, by=by, subject=name, text=f"was {before}")


@transaction.atomic
def delete_view(*, account: Account, by: User, view: int | None) -> None:
    found = _own(account, by, view)
    found.delete()
    audit.record("view.deleted", account=account, by=by, subject=found.name, text=found.query)


def _own(account: Account, by: User, view: int | None) -> SavedView:
    """Whoever made a view changes it, and approvers anybody's."""
    found = SavedView.objects.filter(account=account, pk=view or 0).first()
    if found is None:
        raise Denied("This view was deleted meanwhile.")
    mine = found.made_by == by
    check_role(by, account, Role.REVIEWER if mine else Role.APPROVER, "change a view that somebody else made")
    return found
