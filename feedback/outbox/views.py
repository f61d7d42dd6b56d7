"""Webhooks for a project's admins: endpoints, their secrets shown once, and what became of every delivery."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from feedback.accounts.access import MemberRequest
from feedback.htmx import page, see_other
from feedback.jobs import Job
from feedback.outbox import keeping
from feedback.outbox.catalogue import words_of
from feedback.outbox.filters import DeliveryFilter
from feedback.outbox.forms import EndpointForm, ReplayForm
from feedback.outbox.models import Delivery, Endpoint
from feedback.outbox.shown import STATE_WORDS, attempt_lines, endpoint_lines

PAGE = 50
form_page = require_http_methods(["GET", "HEAD", "POST"])


def the_endpoint(request: MemberRequest, pk: int) -> Endpoint:
    endpoint: Endpoint = get_object_or_404(request.project.endpoints.there(), pk=pk)
    endpoint.project = request.project
    return endpoint


def back_to(endpoint: Endpoint) -> HttpResponse:
    return see_other(endpoint.get_absolute_url())


@require_safe
def endpoint_list(request: MemberRequest) -> HttpResponse:
    context = {"rows": endpoint_lines(request.project), "most": keeping.MOST}
    return render(request, "feedback/outbox/endpoint_list.html", context)


@form_page
def endpoint_create(request: MemberRequest) -> HttpResponse:
    form = EndpointForm(request.POST if request.method == "POST" else None)
    if form.is_bound and not keeping.room_for_one_more(request.project):
        form.add_error(None, f"A project has {keeping.MOST} webhooks at most. Remove one first.")
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "feedback/outbox/endpoint_create.html", {"form": form}, status=status)
    endpoint = keeping.add(request.project, request.member, request=request, **form.cleaned_data)
    return secret_page(request, endpoint, "added")


def secret_page(request: MemberRequest, endpoint: Endpoint, why: str) -> HttpResponse:
    """The only page that shows a secret; nobody keeps it."""
    context = {"endpoint": endpoint, "secret": endpoint.secret, "why": why}
    response = render(request, "feedback/outbox/endpoint_secret.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def endpoint_detail(request: MemberRequest, pk: int) -> HttpResponse:
    endpoint = the_endpoint(request, pk)
    filterset = DeliveryFilter(request.GET, queryset=endpoint.deliveries.select_related("event"))
    is_valid = filterset.is_valid()
    found = filterset.qs if is_valid else filterset.queryset.none()
    before = request.GET.get("before", "")
    is_behind = before.isdecimal() and len(before) < 19
    rows = list((found.filter(pk__lt=int(before)) if is_behind else found).order_by("-pk")[: PAGE + 1])
    filters = request.GET.copy()
    filters.pop("before", None)
    base = filters.urlencode()
    context = {
        "endpoint": endpoint,
        "types": [(name, words_of(name)) for name in endpoint.types],
        "form": filterset.form,
        "replay_form": ReplayForm(),
        "rows": [(row, STATE_WORDS[row.state]) for row in rows[:PAGE]],
        "is_filtered": any(filters.values()),
        "is_moving": endpoint.is_on and any(not row.is_finished for row in rows),
        "first_url": f"?{base}" if is_behind else "",
        "next_url": f"?{base}{'&' if base else ''}before={rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
    }
    status = 200 if is_valid else 422
    return page(request, "feedback/outbox/endpoint_detail.html", context, partial="deliveries", status=status)


@form_page
def endpoint_change(request: MemberRequest, pk: int) -> HttpResponse:
    endpoint = the_endpoint(request, pk)
    form = EndpointForm(request.POST if request.method == "POST" else None, endpoint=endpoint)
    if not form.is_valid():
        context = {"form": form, "endpoint": endpoint}
        return render(request, "feedback/outbox/endpoint_change.html", context, status=422 if form.is_bound else 200)
    if keeping.change(endpoint, request=request, **form.cleaned_data):
        return secret_page(request, endpoint, "moved")
    messages.success(request, "The webhook is saved.")
    return back_to(endpoint)


@require_POST
def endpoint_switch(request: MemberRequest, pk: int) -> HttpResponse:
    """On, or paused."""
    endpoint = the_endpoint(request, pk)
    state = Endpoint.State.PAUSED if request.POST.get("state") == Endpoint.State.PAUSED else Endpoint.State.ON
    if keeping.switch(endpoint, state, request=request):
        is_on = state == Endpoint.State.ON
        messages.success(request, "It is on: what waited is being sent." if is_on else "It is paused: events wait.")
    return back_to(endpoint)


@form_page
def endpoint_rotate(request: MemberRequest, pk: int) -> HttpResponse:
    endpoint = the_endpoint(request, pk)
    if request.method != "POST":
        return render(request, "feedback/outbox/endpoint_rotate.html", {"endpoint": endpoint})
    keeping.rotate(endpoint, request=request)
    return secret_page(request, endpoint, "rotated")


@form_page
def endpoint_remove(request: MemberRequest, pk: int) -> HttpResponse:
    endpoint = the_endpoint(request, pk)
    if request.method != "POST":
        waiting = endpoint.deliveries.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING]).count()
        return render(request, "feedback/outbox/endpoint_remove.html", {"endpoint": endpoint, "n_waiting": waiting})
    keeping.switch(endpoint, Endpoint.State.REMOVED, request=request)
    messages.success(request, "The webhook is removed.")
    return see_other("outbox:endpoint-list", project=request.project.slug)


@require_POST
def endpoint_test(request: MemberRequest, pk: int) -> HttpResponse:
    endpoint = the_endpoint(request, pk)
    if endpoint.is_on:
        delivery = keeping.send_test(endpoint, request=request)
        delivery.project = request.project
        return see_other(delivery.get_absolute_url())
    messages.error(request, "Switch it on first: nothing is sent to it now.")
    return back_to(endpoint)


@require_POST
def endpoint_replay(request: MemberRequest, pk: int) -> HttpResponse:
    """Send again what was given up."""
    endpoint = the_endpoint(request, pk)
    form = ReplayForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the times.")
    elif count := keeping.replay_failed(endpoint, form.since(), request=request):
        messages.success(request, f"{count} event{'' if count == 1 else 's'} will be sent again, in their order.")
    else:
        messages.info(request, "Nothing was given up in that time.")
    return back_to(endpoint)


def the_delivery(request: MemberRequest, pk: int) -> Delivery:
    there = request.project.deliveries.exclude(endpoint__state=Endpoint.State.REMOVED)
    delivery: Delivery = get_object_or_404(there.select_related("event", "endpoint"), pk=pk)
    delivery.project = delivery.endpoint.project = request.project
    return delivery


@require_safe
def delivery_detail(request: MemberRequest, pk: int) -> HttpResponse:
    delivery = the_delivery(request, pk)
    context: dict[str, Any] = {
        "delivery": delivery,
        "event": delivery.event,
        "endpoint": delivery.endpoint,
        "state": STATE_WORDS[delivery.state],
        "words": words_of(delivery.event.type),
        "body": json.dumps(delivery.event.body, ensure_ascii=False, indent=2),
        "attempts": attempt_lines(delivery),
        "is_moving": delivery.endpoint.is_on and not delivery.is_finished,
    }
    return page(request, "feedback/outbox/delivery_detail.html", context, partial="delivery")


@require_POST
def delivery_replay(request: MemberRequest, pk: int) -> HttpResponse:
    delivery = the_delivery(request, pk)
    if keeping.replay(delivery, request=request):
        messages.success(request, "It will be sent again, under the same id.")
    else:
        messages.info(request, "It is on its way already.")
    return see_other(delivery.get_absolute_url())
