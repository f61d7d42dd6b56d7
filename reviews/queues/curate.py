"""The curator's pages of queues: what there is, how far it is, what is in it, what may be changed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback.accounts.access import MemberRequest
from feedback.audit.log import record
from feedback.htmx import page
from feedback.responses.models import SubjectResponse
from feedback.rubrics.wording import condition_words
from reviews.queues.counts import counts_of
from reviews.queues.curate_form import QueueForm
from reviews.queues.forecast import daily, forecast, waits
from reviews.queues.history import titles_of
from reviews.queues.models import Item, Queue
from reviews.queues.progress import DAYS, days, people, progress, with_progress
from reviews.queues.versions import newer_version

ROWS = 50


@require_GET
def queue_list(request: MemberRequest) -> HttpResponse:
    queues = with_progress(request.project.queues.select_related("rubric_version__rubric").order_by("name"))
    context = {"queues": queues, "can_manage": request.member.may("manage_queues")}
    return page(request, "reviews/queues/queue_list.html", context, partial="queues")


@require_GET
def queue_detail(request: MemberRequest, key: str) -> HttpResponse:
    """Its progress is asked for again every few seconds while the queue is open and the page is looked at."""
    queues = request.project.queues.select_related("rubric_version__rubric", "rubric_version__guideline")
    queue: Queue = get_object_or_404(queues, key=key)
    criteria = list(queue.rubric_version.criteria.all())
    context = {
        "queue": queue,
        **progress(queue),
        "questions": [{"criterion": row, "asked": condition_words(row, criteria)} for row in criteria],
        "admitted": queue.admissions.select_related("member__user") if queue.is_restricted else None,
        "can_manage": request.member.may("manage_queues"),
        "newer": newer_version(queue),
    }
    return page(request, "reviews/queues/queue_detail.html", context, partial="progress")


@require_GET
def queue_activity(request: MemberRequest, key: str) -> HttpResponse:
    """What each person did: heavier to count than the progress, so it is loaded after the page."""
    queues = request.project.queues.select_related("rubric_version__guideline")
    queue: Queue = get_object_or_404(queues, key=key)
    context = {"queue": queue, "guideline": queue.rubric_version.guideline, "people": people(queue)}
    return page(request, "reviews/queues/queue_activity.html", context, partial="activity")


@require_GET
def queue_pace(request: MemberRequest, key: str) -> HttpResponse:
    """Reviews a day, when the queue will be done at that pace, how long its items wait. Loaded after the page too."""
    queue: Queue = get_object_or_404(request.project.queues, key=key)
    found, counts = days(queue), counts_of([queue])[queue.pk]
    expected = forecast(daily(queue, found, DAYS), counts.open + counts.held, timezone.now().date(), queue.due_on)
    context = {"queue": queue, "days": found, "forecast": expected, **waits(queue)}
    return page(request, "reviews/queues/queue_pace.html", context, partial="pace")


class ItemFilter(forms.Form):
    state = forms.ChoiceField(choices=[("", "Any"), *Item.State.choices], required=False, label="State")
    after = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False, widget=forms.HiddenInput)


@require_GET
def queue_items(request: MemberRequest, key: str) -> HttpResponse:
    """The items of a queue in the order they came, some at a time; `?state=` narrows, `?after=` goes on."""
    queue: Queue = get_object_or_404(request.project.queues, key=key)
    form = ItemFilter(request.GET, label_suffix="")
    is_valid = form.is_valid()
    state, after = (form.cleaned_data.get(name) for name in ("state", "after"))
    items = queue.items.filter(**{"state": state} if state else {}).filter(pk__gt=after or 0).order_by("pk")
    found = list(items[: ROWS + 1]) if is_valid else []
    here = f"{request.path}?{urlencode({'state': state})}" if state else request.path
    context: dict[str, Any] = {
        "queue": queue,
        "form": form,
        "rows": item_rows(found[:ROWS], request),
        "is_filtered": bool(state),
        "first_url": here if after else "",
        "next_url": f"{request.path}?{urlencode({'state': state or '', 'after': found[ROWS - 1].pk})}"
        if len(found) > ROWS
        else "",
    }
    return page(request, "reviews/queues/queue_items.html", context, partial="items", status=200 if is_valid else 422)


def item_rows(items: list[Item], request: MemberRequest) -> list[dict[str, Any]]:
    """Each item with its first words and its responses; what is in dispute leads to where it is settled."""
    titles = titles_of(items)
    responses: dict[int, list[int]] = {}
    parts = SubjectResponse.objects.filter(subject__in=[item.subject_id for item in items]).order_by("position")
    for subject, response in parts.values_list("subject_id", "response_id"):
        responses.setdefault(subject, []).append(response)
    may_settle, project = request.member.may("settle"), request.project.slug
    return [
        {
            "item": item,
            "title": titles.get(item.subject_id) or f"Item {item.pk}",
            "responses": responses.get(item.subject_id, []),
            "settle_url": reverse("quality:settle", kwargs={"project": project, "pk": item.pk})
            if may_settle and item.state == Item.State.UNRESOLVED
            else "",
        }
        for item in items
    ]


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
    is_new = form.instance.pk is None
    if request.method == "POST" and form.is_valid():
        queue = form.keep(request)
        if is_new:
            messages.success(request, "The queue is open.")
        else:
            messages.success(request, "Saved. A new number of reviews holds for items that are added from now on.")
        return redirect("queues:queue-detail", project=request.project.slug, key=queue.key)
    status = 422 if request.method == "POST" else 200
    return page(
        request, "reviews/queues/queue_form.html", {"form": form, "title": title}, partial="form", status=status
    )


SAID = {
    Queue.State.OPEN: "The queue is open: reviewers get its items.",
    Queue.State.PAUSED: "The queue is paused. Who holds an item may finish it; nothing new is given out.",
    Queue.State.CLOSED: "The queue is closed. Nothing is given out, and no rule draws into it.",
}


@require_POST
@transaction.atomic
def queue_state(request: MemberRequest, key: str) -> HttpResponse:
    """Open, pause or close it. Claims that are held stay held."""
    queue: Queue = get_object_or_404(request.project.queues.select_for_update(of=("self",), no_key=True), key=key)
    wanted = request.POST.get("state", "")
    if wanted not in Queue.State.values:
        messages.error(request, "A queue is open, paused or closed.")
    elif wanted != queue.state:
        record("queue-state-changed", queue, request=request, before=queue.state, after=wanted)
        queue.state = wanted
        queue.save(update_fields=["state"])
        messages.success(request, SAID[Queue.State(wanted)])
    response = redirect("queues:queue-detail", project=request.project.slug, key=queue.key)
    response.status_code = 303
    return response
