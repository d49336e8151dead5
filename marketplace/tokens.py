"""UniqueRequestToken: a call that came twice works once. Tokens live 24 hours of marketplace time (api:486-501)."""

from datetime import datetime, timedelta

from django.db import connection

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
    claimed = UsedToken(requester=requester, operation=operation, token=token, used_at=at)
    moment, expired = map(connection.ops.adapt_datetimefield_value, (at, at - LIFETIME))
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [requester.pk, operation, token, moment, expired])
        row = cursor.fetchone()
    if row is None:
        first = UsedToken.objects.filter(requester=requester, operation=operation, token=token).first()
        raise AlreadyUsed(token, first.made if first else "")
    (claimed.pk,) = row
    claimed._state.adding = False
    return claimed


# A new token, or one whose time was over begins anew, or nothing: one statement on both databases, where asking before
# inserting would be three and a savepoint.
_CLAIM = f"""
    INSERT INTO {UsedToken._meta.db_table} AS earlier (requester_id, operation, token, used_at, made)
    VALUES (%s, %s, %s, %s, '')
    ON CONFLICT (requester_id, operation, token)
    DO UPDATE SET used_at = excluded.used_at, made = '' WHERE earlier.used_at <= %s
    RETURNING id
"""  # noqa: S608
