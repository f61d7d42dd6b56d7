"""The curator's pages of queues: what there is, how far it is, and the few things that may be changed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods

from feedback.accounts.access import MemberRequest
from feedback.audit.log import record
from feedback.htmx import page
from reviews.queues.forms import QueueForm
from reviews.queues.models import Item, Place, Queue


def with_progress(queues: Any) -> Any:
    """Places filled of places wanted, and items by state."""
    wanted = Q(places__state__in=[Place.State.OPEN, Place.State.CLAIMED, Place.State.FILLED])
    return queues.annotate(
        n_places=Count("places", filter=wanted), n_filled=Count("places", filter=Q(places__state=Place.State.FILLED))
    )


@require_GET
def queue_list(request: MemberRequest) -> HttpResponse:
    queues = with_progress(request.project.queues.select_related("rubric_version__rubric")).order_by("name")
    return page(request, "reviews/queues/queue_list.html", {"queues": queues}, partial="queues")


@require_GET
def queue_detail(request: MemberRequest, key: str) -> HttpResponse:
    queues = request.project.queues.select_related("rubric_version__rubric")
    queue: Queue = get_object_or_404(with_progress(queues), key=key)
    states = dict(queue.items.values_list("state").annotate(n=Count("pk")))
    context = {
        "queue": queue,
        "states": [(label, states.get(value, 0)) for value, label in Item.State.choices],
        "n_items": sum(states.values()),
        "n_held": queue.places.filter(state=Place.State.CLAIMED).count(),
        "criteria": queue.rubric_version.criteria.all(),
    }
    return page(request, "reviews/queues/queue_detail.html", context, partial="progress")


@require_http_methods(["GET", "POST"])
def queue_create(request: MemberRequest) -> HttpResponse:
    form = QueueForm(request.project, request.POST or None, instance=Queue(project=request.project), label_suffix="")
    return edit(request, form, "New queue")


@require_http_methods(["GET", "POST"])
def queue_change(request: MemberRequest, key: str) -> HttpResponse:
    queue = get_object_or_404(request.project.queues, key=key)
    form = QueueForm(request.project, request.POST or None, instance=queue, label_suffix="")
    return edit(request, form, f"Change {queue.name}")


def edit(request: MemberRequest, form: QueueForm, title: str) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        is_new = form.instance.pk is None
        queue = form.save()
        record("queue-created" if is_new else "queue-changed", queue, request=request, fields=sorted(form.changed_data))
        messages.success(request, "Saved. A new k holds for items that are added from now on.")
        return redirect("queues:queue-detail", project=request.project.slug, key=queue.key)
    status = 422 if request.method == "POST" else 200
    return page(
        request, "reviews/queues/queue_form.html", {"form": form, "title": title}, partial="form", status=status
    )
