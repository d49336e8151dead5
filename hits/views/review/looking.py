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
from dashboard.pages import PAGE, Page, bound, cursor_of, ordering, page, read_cursor, until
from hits.actions import held_by_others
from hits.forms import SORTS, QueueFilter
from hits.models import SORTED, WINDOW, Assignment, AssignmentQuerySet, narrowed, sorted_apart, unfiltered

#: Windows the way to the next answer looks through before it says that there is none near.
_WINDOWS = 3
_DEFAULTS = (("status", "waiting"), ("sort", "deadline"))
#: Filters that look into each document, or beside it: too much for all that another filter leaves.
_SLOW = {"field", "text", "proposals"}


@dataclass
class Looking:
    """`rows` match the filters; `loose` are those that no index finds in this order: where there are any, the rows are
    looked through in windows of `base`."""

    membership: Membership
    filters: QueueFilter
    chosen: dict[str, Any]
    frozen: dict[str, Any]
    column: str
    descending: bool
    among: AssignmentQuerySet
    rows: AssignmentQuerySet
    base: AssignmentQuerySet
    loose: frozenset[str]
    others: tuple[int, ...] = ()

    @property
    def found(self) -> bool:
        return not self.loose

    @property
    def sortable(self) -> bool:
        """Where a window holds too few, all can be found by an index and sorted."""
        return bool(self.loose & SORTED) and not self.loose & _SLOW

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
        rows = self.rows.for_rows()
        if self.found:
            return page(rows, query, column=self.column, descending=self.descending), False
        backwards = "before" in query
        start = read_cursor(query.get("before" if backwards else "after", ""), self.among, self.column)
        rows, edge = self._window(rows, start, backwards=backwards)
        shown = page(rows, query, column=self.column, descending=self.descending)
        if edge is None or (shown.newer_url if backwards else shown.older_url):
            return shown, False
        if self.sortable:
            keys = list(self._sorted(start, backwards=backwards)[: PAGE + 1])
            found = self.among.for_rows().filter(pk__in=keys)
            return page(found, query, column=self.column, descending=self.descending), False
        name = "before" if backwards else "after"
        url = "?" + urlencode([*self.pairs, (name, cursor_of(edge, self.column))])
        if backwards:
            return Page(shown.items, url, shown.older_url), True
        return Page(shown.items, shown.newer_url, url), True

    def _sorted(self, start: tuple[Any, Any] | None, *, backwards: bool = False) -> Any:
        """The keys of all that follow `start`, sorted after they were found."""
        descending = self.descending != backwards
        rows = sorted_apart(self.among, self.frozen, self.loose, column=self.column, descending=descending)
        if start is not None:
            rows = rows.filter(bound("place", *start, descending=descending))
        return rows.exclude(pk__in=self.others).values_list("pk", flat=True)

    def _window(
        self, rows: AssignmentQuerySet, start: tuple[Any, Any] | None, *, backwards: bool = False
    ) -> tuple[AssignmentQuerySet, Assignment | None]:
        """`rows` of the next WINDOW that the order holds from `start` on, and the last of these, if more follow."""
        descending = self.descending != backwards
        base = self.base.order_by(*ordering(self.column, descending=descending)).only(self.column)
        if start is not None:
            base = base.filter(bound(self.column, *start, descending=descending))
        # As many as a page: asked for one, SQLite would rather sort all than go through the order's index.
        edge = next(iter(base[WINDOW - 1 : WINDOW - 1 + PAGE]), None)
        if edge is None:
            return rows, None
        return rows.filter(until(self.column, getattr(edge, self.column), edge.pk, descending=descending)), edge

    def free(self) -> "Looking":
        """These without what somebody else holds now."""
        others = held_by_others(self.membership.user, self.membership.account, timezone.now())
        return replace(self, rows=self.rows.exclude(pk__in=others), others=tuple(others)) if others else self

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
            if self.sortable:
                return self.among.filter(pk__in=list(self._sorted(start, backwards=backwards)[:1])).first()
            start = (getattr(edge, self.column), edge.pk)
        return None

    def first(self) -> Assignment | None:
        rows, edge = self.rows.order_by(*self.order), None
        if not self.found:
            rows, edge = self._window(rows, None)
        found = rows.only("assignment_id", self.column).first()
        if found is None and edge is not None and self.sortable:
            return self.among.filter(pk__in=list(self._sorted(None)[:1])).first()
        return found

    def count(self) -> int | None:
        """How many, stopped at 1001; None where only looking through all of them would tell."""
        # In the order of the page: what the page finds by an index, the count does, too.
        if self.found:
            return self.rows.order_by(*self.order)[:COUNT_TO].count()
        if self.loose <= SORTED:
            return self.among.matching(self.frozen).order_by()[:COUNT_TO].count()
        return None

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
    among = Assignment.objects.of(membership.account)
    rows, loose = narrowed(among, frozen, column=column)
    base = unfiltered(among, frozen, column=column)
    return Looking(membership, filters, chosen, frozen, column, descending, among, rows, base, loose)
