"""What the address of the response list says: filters, columns, position. The list, its download and saved
filters share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.http import urlencode

from feedback.accounts.models import Project
from feedback.responses import columns
from feedback.responses.filters import LARGEST, StrictResponseFilter
from feedback.responses.models import Response

PAGE = 50
PLACES = ("before", "after")  # positions in the list; they are no part of what is asked for
COLUMNS = "columns"
FORMAT = "format"  # of a download


class Query:
    """`Query(project, request.GET)`: only filters that are known and can be read find anything."""

    def __init__(self, project: Project, data: QueryDict) -> None:
        self.columns = columns.chosen(data.getlist(COLUMNS))
        given = {name: str(data[name]) for name in data if name not in (*PLACES, COLUMNS, FORMAT)}
        self.filters = {name: value for name, value in given.items() if value.strip()}
        self.filterset = StrictResponseFilter(self.filters, queryset=project.responses.all())
        self.is_valid = self.filterset.is_valid()
        self.before, self.after = (position(data.get(name, "")) for name in PLACES)

    @property
    def rows(self) -> QuerySet[Response]:
        found: QuerySet[Response] = self.filterset.qs if self.is_valid else self.filterset.queryset.none()
        return found

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
    rows: list[Response]
    newer_url: str = ""
    older_url: str = ""
    first_url: str = ""


def page_of(query: Query, listed: QuerySet[Response]) -> Page:
    """One page, newest first, going on below `before` or, backwards, above `after`."""
    if query.after is not None:
        rows = list(listed.filter(id__gt=query.after).order_by("id")[: PAGE + 1])
        has_newer, has_older = len(rows) > PAGE, True
        rows = rows[:PAGE][::-1]
    else:
        below = listed if query.before is None else listed.filter(id__lt=query.before)
        rows = list(below.order_by("-id")[: PAGE + 1])
        has_newer, has_older = query.before is not None, len(rows) > PAGE
        rows = rows[:PAGE]
    page = Page(rows, first_url=f"?{query.encoded()}" if has_newer else "")
    if rows and has_newer:
        page.newer_url = f"?{query.encoded(after=rows[0].pk)}"
    if rows and has_older:
        page.older_url = f"?{query.encoded(before=rows[-1].pk)}"
    return page


def position(value: str) -> int | None:
    is_number = value.isascii() and value.isdigit() and len(value) <= len(str(LARGEST)) + 8
    return int(value) if is_number else None
