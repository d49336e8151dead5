"""The queue's filters and order, as one person looks through them: the same for pages, workbench and hand-out."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from dashboard.context import COUNT_TO
from dashboard.models import Membership
from dashboard.pages import Page, bound, cursor_of, ordering, page, read_cursor, until
from hits.actions import held_by_others
from hits.forms import SORTS, WAITING_SORTS, QueueFilter
from hits.models import WINDOW, Assignment, AssignmentQuerySet, narrowed, unfiltered

#: Windows the way to the next answer looks through before it says that there is none near.
_WINDOWS = 3
_DEFAULTS = (("status", "waiting"), ("sort", "deadline"))


@dataclass
class Looking:
    """`rows` match the filters; `found`: an index finds all of them, else they are looked through in windows."""

    membership: Membership
    filters: QueueFilter
    chosen: dict[str, Any]
    column: str
    descending: bool
    among: AssignmentQuerySet
    rows: AssignmentQuerySet
    base: AssignmentQuerySet
    found: bool

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The filters as they stand in a URL, without the defaults."""
        return [(name, str(value)) for name, value in self.chosen.items() if (name, value) not in _DEFAULTS]

    @cached_property
    def text(self) -> str:
        return urlencode(self.pairs)

    @property
    def order(self) -> tuple[str, str]:
        return ordering(self.column, descending=self.descending)

    @property
    def queue_url(self) -> str:
        url = reverse("queue", args=[self.membership.account.slug])
        return f"{url}?{self.text}" if self.text else url

    def at(self, assignment_id: str) -> str:
        """The workbench of an assignment among these."""
        url = reverse("assignment", args=[self.membership.account.slug, assignment_id])
        return f"{url}?{self.text}" if self.text else url

    def page(self, query: QueryDict) -> tuple[Page[Assignment], bool]:
        """A page of them; and whether its next one goes on looking behind the window this one looked through."""
        rows = self.rows.for_row()
        if self.found:
            return page(rows, query, column=self.column, descending=self.descending), False
        backwards = "before" in query
        start = read_cursor(query.get("before" if backwards else "after", ""), self.among, self.column)
        rows, edge = self._window(rows, start, backwards=backwards)
        shown = page(rows, query, column=self.column, descending=self.descending)
        if edge is None or (shown.newer_url if backwards else shown.older_url):
            return shown, False
        name = "before" if backwards else "after"
        url = "?" + urlencode([*self.pairs, (name, cursor_of(edge, self.column))])
        if backwards:
            return Page(shown.items, url, shown.older_url), True
        return Page(shown.items, shown.newer_url, url), True

    def _window(
        self, rows: AssignmentQuerySet, start: tuple[Any, Any] | None, *, backwards: bool = False
    ) -> tuple[AssignmentQuerySet, Assignment | None]:
        """`rows` of the next WINDOW that the order holds from `start` on, and the last of these, if more follow."""
        descending = self.descending != backwards
        base = self.base.order_by(*ordering(self.column, descending=descending)).only(self.column)
        if start is not None:
            base = base.filter(bound(self.column, *start, descending=descending))
        edge = next(iter(base[WINDOW - 1 : WINDOW]), None)
        if edge is None:
            return rows, None
        return rows.filter(until(self.column, getattr(edge, self.column), edge.pk, descending=descending)), edge

    def free(self) -> "Looking":
        """These without what somebody else holds now."""
        others = held_by_others(self.membership.user, self.membership.account, timezone.now())
        return replace(self, rows=self.rows.exclude(pk__in=others)) if others else self

    def beside(self, current: Assignment, *, backwards: bool = False) -> Assignment | None:
        """The one that follows `current` in the order, or goes before it."""
        descending = self.descending != backwards
        start: tuple[Any, Any] = (getattr(current, self.column), current.pk)
        order = ordering(self.column, descending=descending)
        for _ in range(1 if backwards else _WINDOWS):
            rows = self.rows.filter(bound(self.column, *start, descending=descending)).order_by(*order)
            edge = None
            if not self.found:
                rows, edge = self._window(rows, start, backwards=backwards)
            following = rows.only("assignment_id", self.column).first()
            if following is not None or edge is None:
                return following
            start = (getattr(edge, self.column), edge.pk)
        return None

    def first(self) -> Assignment | None:
        rows = self.rows.order_by(*self.order)
        if not self.found:
            rows, _ = self._window(rows, None)
        return rows.only("assignment_id", self.column).first()

    def count(self) -> int | None:
        """How many, stopped at 1001; None where only looking through all of them would tell."""
        # In the order of the page: what the page finds by an index, the count does, too.
        return self.rows.order_by(*self.order)[:COUNT_TO].count() if self.found else None

    def count_before(self, current: Assignment) -> int | None:
        if not self.found:
            return None
        here = (getattr(current, self.column), current.pk)
        return self.rows.filter(bound(self.column, *here, descending=not self.descending))[:COUNT_TO].count()


def look(membership: Membership, query: QueryDict) -> Looking:
    """What the filters in a URL mean for this person's account."""
    filters = QueueFilter(query)
    chosen, frozen = filters.chosen(), filters.frozen()
    _, column, descending = SORTS[chosen["sort"]]
    by_time = chosen["sort"] not in WAITING_SORTS
    among = Assignment.objects.of(membership.account)
    rows, found = narrowed(among.matching(frozen), among, frozen, by_time=by_time)
    base = unfiltered(among, frozen, by_time=by_time)
    return Looking(membership, filters, chosen, column, descending, among, rows, base, found)
