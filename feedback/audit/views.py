"""The audit log of a project: a list with filters, files of it, and the trail of one object for other rooms' pages."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from feedback.audit.download import SHAPES
from feedback.audit.filters import EventFilter, offer
from feedback.audit.log import record
from feedback.audit.shown import chain_state, kind_of, kinds, lines
from feedback.htmx import page

PAGE = 50
TRAIL = 12
PEOPLE = 500


class ProjectRequest(HttpRequest):
    """Accounts stands above this room: what its door puts on the request is known by name only."""

    member: Any
    project: Any


@require_GET
def event_list(request: ProjectRequest) -> HttpResponse:
    """Who did what, the newest first."""
    filterset = EventFilter(request.GET, queryset=request.project.auditevent_set.all())
    people = request.project.members.people()[:PEOPLE]
    offer(filterset.form, [(str(person.key), str(person)) for person in people], kinds())
    is_valid = filterset.is_valid()
    found = filterset.qs if is_valid else filterset.queryset.none()
    before = request.GET.get("before", "")
    is_behind = before.isdecimal() and len(before) < 19
    rows = list((found.filter(pk__lt=int(before)) if is_behind else found).order_by("-pk")[: PAGE + 1])
    filters = request.GET.copy()
    filters.pop("before", None)
    base = filters.urlencode()
    context: dict[str, Any] = {
        "form": filterset.form,
        "rows": lines(request.project, rows[:PAGE]),
        "is_filtered": any(filters.values()),
        "filters": base,
        "first_url": f"?{base}" if is_behind else "",
        "next_url": f"?{base}{'&' if base else ''}before={rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
        **chain_state(request.project),
    }
    return page(request, "feedback/audit/event_list.html", context, partial="events", status=200 if is_valid else 422)


@require_GET
def event_download(request: ProjectRequest) -> HttpResponse | StreamingHttpResponse:
    """What the filters show, whole, as a file of the `shape` asked for; taking it is itself noted."""
    shape = request.GET.get("shape", "csv")
    if shape not in SHAPES:
        raise Http404("There is no such file.")
    filterset = EventFilter(request.GET, queryset=request.project.auditevent_set.all())
    if not filterset.is_valid():
        raise Http404("These filters cannot be read.")
    record("audit-exported", request.project, project=request.project, request=request, shape=shape)
    rows, content_type = SHAPES[shape]
    answer = StreamingHttpResponse(rows(filterset.qs.order_by("pk")), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="audit-{request.project.slug}.{shape}"'
    return answer


@require_GET
def object_trail(request: ProjectRequest) -> HttpResponse:
    """The newest events about one object, or about all of its kind, as a part of another room's page."""
    kind, number = request.GET.get("object_type", "")[:60], request.GET.get("object_id", "")[:60]
    events = request.project.auditevent_set.filter(object_type=kind)
    events = events.filter(object_id=number) if number else events
    rows = list(events.order_by("-pk")[: TRAIL + 1])
    context = {
        "rows": lines(request.project, rows[:TRAIL]),
        "object_type": kind,
        "object_id": number,
        "about": kind_of(kind),
        "has_more": len(rows) > TRAIL,
    }
    return page(request, "feedback/audit/object_trail.html", context, partial="trail")
