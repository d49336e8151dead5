"""How many rows belong to each of a page's, counted so far and no further: `1,000,000 hold it` need not be exact."""

from typing import Any

from django.db import models
from django.db.models import Subquery

#: Pages say "10,000+" where there are more.
COUNT_TO = 10_001


class Counted(Subquery):
    """The number of rows of a queryset about the outer row (OuterRef), at most COUNT_TO. Ordered as an index has them,
    it is that index which finds them."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted_)"
    output_field = models.IntegerField()

    def __init__(self, rows: models.QuerySet[Any], **extra: Any) -> None:
        super().__init__(rows.values("pk")[:COUNT_TO], **extra)
