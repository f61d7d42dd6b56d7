"""What the address of the response list says: filters, columns, position. The list, its download and saved
filters share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet, Subquery
from django.http import QueryDict
from django.utils.http import urlencode

from feedback.accounts.models import Project
from feedback.responses import columns
from feedback.responses.filters import LARGEST, SEARCHED, EverywhereFilter
from feedback.responses.models import Response

PAGE = 50
LOOKED = 50_000  # responses that one page looks through for filters without an index of their own
FOUND_BY_INDEX = frozenset({"id", "external_id", "conversation_id", "trace_id", "input_hash"})
PLACES = ("before", "after")  # positions in the list; they are no part of what is asked for
COLUMNS = "columns"
FORMAT = "format"  # of a download


class Query:
    """`Query(project, request.GET)`: only filters that are known and can be read find anything."""

    def __init__(self, project: Project, data: QueryDict) -> None:
        self.project = project
        self.columns = columns.chosen(data.getlist(COLUMNS))
        given = {name: str(data[name]) for name in data if name not in (*PLACES, COLUMNS, FORMAT)}
        self.filters = {name: value for name, value in given.items() if value.strip()}
        self.filterset = EverywhereFilter(self.filters, queryset=project.responses.all())
        self.is_valid = self.filterset.is_valid()
        self.before, self.after = (position(data.get(name, "")) for name in PLACES)

    @property
    def rows(self) -> QuerySet[Response]:
        found: QuerySet[Response] = self.filterset.qs if self.is_valid else self.filterset.queryset.none()
        return found

    @property
    def looked(self) -> int | None:
        """How many responses one page looks through; None where an index finds all that match."""
        if not self.filters or not FOUND_BY_INDEX.isdisjoint(self.filters):
            return None
        return SEARCHED if "q" in self.filters else LOOKED

    @cached_property
    def newest(self) -> int:
        """The project's newest response. With it as a bound a list begins there even when the planner walks the primary
        key; without, it first reads whatever came in elsewhere since.
        """
        return self.project.responses.order_by("-id").values_list("id", flat=True).first() or 0

    def edge(self, start: int | None, *, is_up: bool = False) -> int | None:
        """The first response, below the start or above it, that this page does not look at; None when it sees all."""
        if self.looked is None or not self.is_valid:
            return None
        rows = self.project.responses.order_by("id" if is_up else "-id").values_list("id", flat=True)
        if start is not None:
            rows = rows.filter(id__gt=start) if is_up else rows.filter(id__lt=start)
            return rows[self.looked : self.looked + 1].first()
        found = rows.annotate(newest=Subquery(rows[:1])).values_list("id", "newest")
        edge, self.newest = found[self.looked : self.looked + 1].first() or (None, self.newest)
        return edge

    def encoded(self, *without: str, **more: Any) -> str:
        """As it stands in an address, always in the same order, so that equal queries are equal texts."""
        kept = {name: self.filters[name] for name in sorted(self.filters) if name not in without}
        chosen = {COLUMNS: columns.as_parameter(self.columns)}
        return urlencode({name: value for name, value in (kept | chosen | more).items() if value != ""})

    @property
    def errors(self) -> list[str]:
        """Each error with the name of its field as people know it."""
        form = self.filterset.form
        return [
            f"{form.fields[name].label}: {error}" if name in form.fields else str(error)
            for name, errors in form.errors.items()
            for error in errors
        ]

    def chips(self) -> list[dict[str, str]]:
        """What is set, in words, each with the address of the list without it."""
        form = self.filterset.form
        found = []
        for name, value in self.filters.items():
            field = form.fields.get(name)
            words = dict(getattr(field, "choices", ())).get(value, value)
            label = field.label if field else name
            found.append({"label": str(label), "value": str(words), "url": f"?{self.encoded(name)}"})
        return found


@dataclass
class Page:
    """`window` is the first response that it does not look at; `edge` is the same where looking ended before the list
    did: more may match beyond.
    """

    rows: list[Response]
    edge: int | None = None
    window: int | None = None
    newer_url: str = ""
    older_url: str = ""
    first_url: str = ""


def page_of(query: Query, listed: QuerySet[Response]) -> Page:
    """One page, newest first, going on below `before` or, backwards, above `after`.

    A filter that few responses meet is looked for in so many at a time: a page then ends where looking ended, and the
    next goes on from there.
    """
    if query.after is not None:
        return newer_page(query, listed, query.after)
    edge = query.edge(query.before)
    below = listed.filter(id__lte=query.newest) if query.before is None else listed.filter(id__lt=query.before)
    rows = list((below if edge is None else below.filter(id__gt=edge)).order_by("-id")[: PAGE + 1])
    is_full = len(rows) > PAGE
    page = Page(rows[:PAGE], edge=None if is_full else edge, window=edge)
    if query.before is not None:
        page.first_url = f"?{query.encoded()}"
        page.newer_url = f"?{query.encoded(after=rows[0].pk if rows else query.before - 1)}"
    if is_full:
        page.older_url = f"?{query.encoded(before=page.rows[-1].pk)}"
    elif edge is not None:
        page.older_url = f"?{query.encoded(before=edge + 1)}"
    return page


def newer_page(query: Query, listed: QuerySet[Response], after: int) -> Page:
    edge = query.edge(after, is_up=True)
    above = listed.filter(id__gt=after)
    rows = list((above if edge is None else above.filter(id__lt=edge)).order_by("id")[: PAGE + 1])
    is_full = len(rows) > PAGE
    rows = rows[:PAGE][::-1]
    page = Page(rows, edge=None if is_full else edge)
    page.older_url = f"?{query.encoded(before=rows[-1].pk if rows else after + 1)}"
    if is_full or edge is not None:
        page.first_url = f"?{query.encoded()}"
        page.newer_url = f"?{query.encoded(after=rows[0].pk if is_full else (edge or after) - 1)}"
    return page


def position(value: str) -> int | None:
    is_number = value.isascii() and value.isdigit() and len(value) <= len(str(LARGEST)) + 8
    return int(value) if is_number else None
