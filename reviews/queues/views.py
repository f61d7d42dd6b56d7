"""The reviewer's pages: my work, the desk, my reviews. Submitting answers with the next item, one request a pair."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from feedback.accounts.access import MemberRequest
from feedback.htmx import page, wants_fragment
from feedback.judgements.record import AnswersRefused
from reviews.queues import claim as claiming
from reviews.queues import desk, history, leases, worklist
from reviews.queues import escalate as escalating
from reviews.queues import submit as submitting
from reviews.queues import turn as turns
from reviews.queues.forms import EscalationForm, MessageForm, ReviewForm, SkipForm, TokenForm
from reviews.queues.models import Assignment, Queue

ASKED = gettext_lazy("Asked. The answer will stand in My work.")


@require_GET
def work(request: MemberRequest) -> HttpResponse:
    return page(request, "reviews/queues/work.html", worklist.work_page(request.member), partial="queues")


@require_POST
def claim(request: MemberRequest, key: str) -> HttpResponse:
    """Take the next item and go to the desk; POST and 303, so that a reload claims nothing."""
    queue = own_queue(request, key)
    claiming.claim(queue, request.member)
    return see_other("queues:review", request, key=key)


@require_GET
def review(request: MemberRequest, key: str) -> HttpResponse:
    queue = own_queue(request, key)
    held = request.member.assignments.live().filter(queue=queue)
    # The oldest first, as a claim does: after an undo two are held, and the one taken back goes on the desk.
    assignment = held.select_related("item__subject", "place").order_by("claimed_at", "pk").first()
    return show(request, queue, assignment)


@require_POST
def submit(request: MemberRequest, key: str) -> HttpResponse:
    """Check and count the answers, then show the next item in the same answer."""
    try:
        with submitting.at_turn(posted_token(request), request.member) as assignment:
            if assignment.queue.key != key or assignment.queue.takes_imports:
                raise Assignment.DoesNotExist
            form = ReviewForm(assignment, request.POST)
            done = submitting.store(assignment, **form.submission()) if form.is_valid() else None
    except Assignment.DoesNotExist as missing:
        raise Http404("No such turn.") from missing
    except AnswersRefused as refusal:
        form.refuse(refusal.errors)
        done = None
    except submitting.ClaimLost as lost:
        return show(request, form.assignment.queue, form.assignment, status=409, form=form, lost=str(lost))
    if done is None:
        return show(request, form.assignment.queue, form.assignment, status=422, form=form)
    if done.state == Assignment.State.SURPLUS:
        messages.info(
            request,
            gettext("Your review came after the last one needed. It is kept, and counts if a place opens again."),
        )
    # Just now submitted, so it can be undone: the page need not ask the database.
    return go_on(request, done.queue, last=done if done.queue.grace_seconds else None)


@require_POST
def draft(request: MemberRequest, key: str) -> HttpResponse:
    """Save what is there so far. Half an answer is welcome; nothing is checked but its shape."""
    try:
        saved = save_draft(request, posted_form(request, key))
    except submitting.ClaimLost as lost:
        return JsonResponse({"detail": str(lost)}, status=409)
    until = leases.heartbeat(saved)
    return JsonResponse({"saved_at": saved.draft_saved_at, "lease_until": until})


@require_POST
def heartbeat(request: MemberRequest, key: str) -> HttpResponse:
    until = leases.heartbeat(own_assignment(request, key))
    if until is None:
        return JsonResponse({"detail": gettext("This item is no longer held for you.")}, status=409)
    return JsonResponse({"lease_until": until})


@require_POST
def release(request: MemberRequest, key: str) -> HttpResponse:
    """The page was left: the lease is shortened, so that a reload keeps the item and nobody waits long."""
    leases.release(own_assignment(request, key), soon=True)
    return HttpResponse(status=204)


@require_POST
def pause(request: MemberRequest, key: str) -> HttpResponse:
    """Stop for a while: what is there so far is saved, and the item kept, but not for as long as at work."""
    form = posted_form(request, key)
    queue = form.assignment.queue
    try:
        until = leases.shorten(save_draft(request, form), leases.PAUSE)
    except submitting.ClaimLost as lost:
        return show(request, queue, form.assignment, status=409, form=form, lost=str(lost))
    if wants_fragment(request):
        return show(request, queue, None, finished=desk.paused(until))
    messages.success(request, desk.paused(until)["text"])
    return see_other("queues:work", request)


@require_POST
def skip(request: MemberRequest, key: str) -> HttpResponse:
    assignment = own_assignment(request, key)
    queue = assignment.queue
    form = SkipForm(request.POST)
    if not form.is_valid():
        return show(request, queue, assignment, status=422, skip_form=form)
    try:
        submitting.skip(assignment.token, request.member, form.cleaned_data["reason"], form.cleaned_data["note"])
    except submitting.ClaimLost as lost:
        return show(request, queue, assignment, status=409, lost=str(lost))
    return go_on(request, queue)


@require_POST
def undo(request: MemberRequest, token: str) -> HttpResponse:
    """Take the last review back to the desk, within its grace."""
    mine = request.member.assignments.filter(queue__takes_imports=False)
    assignment = get_object_or_404(mine.select_related("queue__rubric_version__guideline"), token=token)
    named = request.GET.get("review", "")
    try:
        submitting.undo(assignment, int(named) if named.isdecimal() and len(named) < 19 else None)
    except submitting.ClaimLost as late:
        if wants_fragment(request):  # the item on the desk stays as it is, with what was typed
            return trigger_client_event(HttpResponse(status=204), "toast", {"text": str(late), "level": "bad"})
        messages.warning(request, str(late))
        return see_other("queues:history", request)
    if wants_fragment(request):
        assignment.refresh_from_db(fields=["state", "draft", "draft_saved_at"])
        return show(request, assignment.queue, assignment)
    return see_other("queues:review", request, key=assignment.queue.key)


@require_GET
def skills(request: MemberRequest) -> HttpResponse:
    """Whom a question can be meant for: a list for the form that asks, where anybody carries a skill; no page."""
    if not wants_fragment(request):
        return see_other("queues:work", request)
    return render(request, "reviews/queues/skills.html", {"skills": escalating.skills_of(request.project)})


@require_POST
def escalate(request: MemberRequest, key: str) -> HttpResponse:
    """Ask a moderator about the item on the desk; keep it, or pass it on in the same step."""
    assignment = own_assignment(request, key)
    queue = assignment.queue
    form = EscalationForm(request.POST)
    if not form.is_valid():
        return show(request, queue, assignment, status=422, escalation_form=form)
    passes_on = form.cleaned_data["then"] == EscalationForm.PASS_ON
    try:
        with transaction.atomic():
            escalating.raise_escalation(assignment, form.cleaned_data["text"], form.cleaned_data["skill"])
            if passes_on:
                submitting.skip(assignment.token, request.member, "escalated")
    except escalating.EscalationRefused as refusal:
        form.add_error("text", str(refusal))
        return show(request, queue, assignment, status=422, escalation_form=form)
    except submitting.ClaimLost as lost:
        return show(request, queue, assignment, status=409, lost=str(lost))
    if passes_on:
        return go_on(request, queue)
    if wants_fragment(request):  # the desk stays as it is, with what was typed
        return trigger_client_event(HttpResponse(status=204), "toast", {"text": ASKED})
    messages.success(request, ASKED)
    return see_other("queues:review", request, key=key)


@require_http_methods(["GET", "HEAD", "POST"])
def escalation(request: MemberRequest, pk: int) -> HttpResponse:
    """The conversation, for who asked and for those who settle: say more, or close it."""
    visible = request.project.escalations.visible_to(request.member)
    found = get_object_or_404(visible.select_related("item__queue", "assignment"), pk=pk)
    form = MessageForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if form.cleaned_data["text"] or "close" not in request.POST:
                escalating.say(found, request.member, form.cleaned_data["text"])
            if "close" in request.POST:
                escalating.close(found, request.member)
            return see_other("queues:escalation", request, pk=pk)
        except escalating.EscalationRefused as refusal:
            form.add_error("text", str(refusal))
    context = desk.conversation_page(request.member, found, form)
    return render(request, "reviews/queues/escalation.html", context, status=422 if form.errors else 200)


@require_POST
def correction_diff(request: MemberRequest, key: str) -> HttpResponse:
    """What a rewrite changes, word by word; nothing is stored."""
    form = posted_form(request, key)
    if wants_fragment(request):
        return render(request, "reviews/queues/review.html#rewritten", {"changes": desk.changes(form)})
    return show(request, form.assignment.queue, form.assignment, form=form, changes=desk.changes(form))


@require_GET
def my_reviews(request: MemberRequest) -> HttpResponse:
    context = history.page_of(request.member, request.GET)
    status = 422 if context["filters"].errors else 200
    return page(request, "reviews/queues/history.html", context, partial="reviews", status=status)


@require_GET
def turn(request: MemberRequest, token: str) -> HttpResponse:
    """One's own turn that has ended; what is still on the desk is there."""
    mine = request.member.assignments.filter(state__in=history.DONE)
    needed = ("queue__rubric_version", "item__subject", "review__rubric_version")
    found = get_object_or_404(mine.select_related(*needed), token=token)
    return render(request, "reviews/queues/turn.html", turns.turn_page(request.member, found))


def own_queue(request: MemberRequest, key: str) -> Queue:
    """A queue of the member's project that people review."""
    queues = request.project.queues.filter(takes_imports=False).select_related("rubric_version__guideline")
    found: Queue = get_object_or_404(queues, key=key)
    return found


def own_assignment(request: MemberRequest, key: str) -> Assignment:
    """The member's own turn in the queue that the posted token names; anybody else's does not exist."""
    mine = request.member.assignments.filter(**people_review(key))
    needed = ("queue__rubric_version__guideline", "item__subject", "place")
    found: Assignment = get_object_or_404(mine.select_related(*needed), token=posted_token(request))
    return found


def posted_form(request: MemberRequest, key: str) -> ReviewForm:
    """The answers as far as they are there; only their shape is looked at."""
    form = ReviewForm(own_assignment(request, key), request.POST)
    form.full_clean()
    return form


def save_draft(request: MemberRequest, form: ReviewForm) -> Assignment:
    try:
        return submitting.save_draft(form.assignment.token, request.member, form.answers(), **form.seen())
    except Assignment.DoesNotExist as missing:
        raise Http404("No such turn.") from missing


def people_review(key: str) -> dict[str, Any]:
    """Which queue a turn must be in."""
    return {"queue__key": key, "queue__takes_imports": False}


def posted_token(request: MemberRequest) -> UUID:
    form = TokenForm(request.POST)
    if not form.is_valid():
        raise Http404("No such turn.")
    token: UUID = form.cleaned_data["token"]
    return token


def go_on(request: MemberRequest, queue: Queue, **extra: Any) -> HttpResponse:
    """The next item: in place for htmx, by a redirect for a plain form."""
    following = claiming.claim(queue, request.member)
    if not wants_fragment(request):
        return see_other("queues:review", request, key=queue.key)
    return show(request, queue, following, **extra)


def show(
    request: MemberRequest, queue: Queue, assignment: Assignment | None, *, status: int = 200, **extra: Any
) -> HttpResponse:
    if assignment is not None:
        assignment.queue = queue
        asked = request.POST.get("shown") or request.GET.get("shown")
        extra["is_uncovered"] = asked == str(assignment.pk)  # for this item alone
    context = desk.desk(request.member, queue, assignment, **extra)
    return page(request, "reviews/queues/review.html", context, partial="item", status=status, title="name")


def see_other(route: str, request: MemberRequest, **kwargs: Any) -> HttpResponse:
    response = redirect(reverse(route, kwargs={"project": request.project.slug, **kwargs}))
    response.status_code = 303
    return response
