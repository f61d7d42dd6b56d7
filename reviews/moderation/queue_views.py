"""How the queues are, and a moderator's acts on a whole queue."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback.accounts.access import MemberRequest
from feedback.htmx import page, see_other
from reviews.moderation import act, queue_acts
from reviews.moderation.forms import OverlapForm, ReasonForm
from reviews.moderation.health import health
from reviews.moderation.models import QueueAct
from reviews.queues.models import Queue

# Act -> title, button, what it would do.
ACTS = {
    "pause": ("Pause {}?", "Pause", "Nothing new is given out. Who holds an item may finish it, and that counts."),
    "open": ("Open {} again?", "Open", "Its items are given out again."),
    "overlap": ("Reviews per item of {}", "Change", "Each item asks for that many reviews, from different people."),
}


@require_GET
def queue_list(request: MemberRequest) -> HttpResponse:
    """Every queue that gives out items, those that need somebody first."""
    return page(request, "reviews/moderation/queue_list.html", {"queues": health(request.project)}, partial="queues")


@require_http_methods(["GET", "POST"])
def queue_act(request: MemberRequest, key: str, act_name: str) -> HttpResponse:
    """Say what would happen, ask why, do it."""
    if act_name not in ACTS:
        raise Http404("There is no such act.")
    queue: Queue = get_object_or_404(request.project.queues, key=key)
    title, button, effect = ACTS[act_name]
    data = request.POST if request.method == "POST" else None
    form = OverlapForm(data, initial={"k": queue.k}) if act_name == "overlap" else ReasonForm(data)
    form.fields["reason"].help_text = "It stays with the queue and can be read by every moderator."
    if request.method == "POST" and form.is_valid():
        try:
            done = do(request, queue, act_name, form.cleaned_data)
        except act.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Done: {done.words}.")
            return see_other("moderation:queue-list", project=request.project.slug)
    context = {"title": title.format(queue.name), "button": button, "form": form, "effect_words": [effect]}
    back = reverse("moderation:queue-list", kwargs={"project": request.project.slug})
    context |= {"back": back, "crumb": "Queues", "waiting": waiting(request, queue) if act_name == "overlap" else None}
    status = 422 if form.errors else 200
    return page(request, "reviews/moderation/act_on.html", context, partial="act", status=status)


def do(request: MemberRequest, queue: Queue, act_name: str, given: dict[str, Any]) -> QueueAct:
    if act_name == "overlap":
        return queue_acts.set_overlap(queue, given["k"], request.member, given["reason"])
    return queue_acts.set_state(queue, queue_acts.STATES[act_name], request.member, given["reason"])


def waiting(request: MemberRequest, queue: Queue) -> dict[str, Any]:
    """Items that are there already: how many wait, and the list in which their number is changed, counted."""
    n = queue.items.filter(state="open").count()
    url = reverse("moderation:item-list", kwargs={"project": request.project.slug})
    return {"n": n, "url": f"{url}?queue={queue.key}&state=open"}


@require_POST
def queue_act_undo(request: MemberRequest, pk: int) -> HttpResponse:
    """Back to what was before, which is an act of its own."""
    done: QueueAct = get_object_or_404(request.project.queueacts, pk=pk)
    try:
        queue_acts.undo(done, request.member, f"Undone: {done.reason}"[:2000])
    except act.Refused as refusal:
        messages.warning(request, f"This cannot be undone any more. {refusal}")
    else:
        messages.success(request, "Undone.")
    return see_other("moderation:panel", project=request.project.slug)
