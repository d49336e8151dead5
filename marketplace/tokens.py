"""UniqueRequestToken: a call that came twice works once. Tokens live 24 hours of marketplace time (api:486-501)."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from .models import Requester, UsedToken

LIFETIME = timedelta(hours=24)


class AlreadyUsed(Exception):
    """The token did its work before; `made` is the id of what it made then, if anything."""

    def __init__(self, token: str, made: str) -> None:
        super().__init__(token)
        self.token = token
        self.made = made


def claim(requester: Requester, operation: str, token: str, *, at: datetime) -> UsedToken | None:
    """Use a token up, in the caller's transaction: if that rolls back, the token is free again.

    Two calls at once meet at the unique constraint: the second waits until the first is through, then gets AlreadyUsed
    (or goes on, if the first failed). Returns None when there is no token.
    """
    if not token:
        return None
    same = UsedToken.objects.filter(requester=requester, operation=operation, token=token)
    same.filter(used_at__lte=at - LIFETIME).delete()
    try:
        with transaction.atomic():
            return UsedToken.objects.create(requester=requester, operation=operation, token=token, used_at=at)
    except IntegrityError:
        first = same.first()
        raise AlreadyUsed(token, first.made if first else "") from None
