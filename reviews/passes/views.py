"""The page of a quick pass: cards to choose from, one form for those that are chosen, undo."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from feedback.accounts.access import MemberRequest
from feedback.htmx import page, see_other
from feedback.judgements.record import AnswersRefused, criteria_of
from reviews.passes import answer as answering
from reviews.passes.cards import SIZES, Start, alike, open_places, readable, shown, start_of, waiting, why_not
from reviews.passes.forms import PassForm, ShowForm
from reviews.passes.models import QuickPass
from reviews.queues import desk
from reviews.queues.care import goes_on_at, sensitive
from reviews.queues.models import Queue

LATEST = 5  # passes that the page lists


@require_http_methods(["GET", "HEAD", "POST"])
def cards(request: MemberRequest, key: str) -> HttpResponse:
    """The cards; a POST answers those that were chosen."""
    queue = own_queue(request, key)
    if request.method != "POST":
        show = ShowForm(request.GET)
        return answered(request, queue, show, status=200 if show.is_valid() else 422)
    show, form = ShowForm(request.GET), PassForm(queue, [], request.POST)
    if why := why_not(queue, criteria_of(queue.rubric_version)):
        messages.error(request, why)
        return see_other(here(request, queue))
    if not form.is_valid():
        return answered(request, queue, show, form=form, status=422)
    given = form.cleaned_data
    try:
        if given["version"] != queue.rubric_version_id:
            raise answering.PassRefused("The queue asks another rubric version now. Look at it and answer anew.")
        outcome = answering.answer(
            queue, request.member, given["item"], form.answers(),
            submission_id=given["submission_id"], n_cards=given["cards"], request=request,
        )  # fmt: skip
    except AnswersRefused as refusal:
        form.refuse(refusal.errors)
        return answered(request, queue, show, form=form, status=422)
    except answering.PassRefused as refusal:
        form.add_error(None, str(refusal))
        return answered(request, queue, show, form=form, status=409)
    tell(request, outcome)
    return see_other(here(request, queue, show))


def tell(request: MemberRequest, outcome: answering.Outcome) -> None:
    n = outcome.answered
    left = "; ".join(f"{count} left: {why}" for why, count in outcome.left.items())
    said = f"{n} item{' has' if n == 1 else 's have'} your answer." if n else "No item was answered."
    (messages.success if n else messages.warning)(request, f"{said} {left.capitalize()}{'.' if left else ''}".strip())


@require_safe
def context(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """What was asked, and the sources, of one card: read when somebody opens it."""
    queue = own_queue(request, key)
    places = open_places(queue, request.member).filter(item=pk)
    if not places.exists() or why_not(queue, criteria_of(queue.rubric_version)):
        raise Http404("There is no such card.")
    response = shown([pk])[pk]
    about = {"queue": queue, "number": pk, "passages": desk.passages([response]), **desk.conversation([response])}
    return page(request, "reviews/passes/context.html", about, partial="context")


@require_POST
def undo(request: MemberRequest, pk: int) -> HttpResponse:
    """Take a pass of one's own back, as far as the queue's time for it goes."""
    quick: QuickPass = get_object_or_404(request.member.passes.select_related("queue", "member"), pk=pk)
    done, late = answering.undo(quick, request)
    if done:
        stay = f" {late} could no longer be." if late else ""
        messages.success(request, f"{done} review{' was' if done == 1 else 's were'} taken back.{stay}")
    else:
        messages.warning(request, "This pass can no longer be undone: the time for it is over.")
    return see_other(here(request, quick.queue))


def own_queue(request: MemberRequest, key: str) -> Queue:
    queues = request.project.queues.select_related("rubric_version__rubric", "rubric_version__guideline")
    found: Queue = get_object_or_404(queues, key=key)
    return found


def here(request: MemberRequest, queue: Queue, show: ShowForm | None = None) -> str:
    address = reverse("passes:cards", kwargs={"project": request.project.slug, "key": queue.key})
    size = show.cleaned_data["size"] if show and show.is_valid() else SIZES[0]
    return address if size == SIZES[0] else f"{address}?{urlencode({'size': size})}"


def answered(
    request: MemberRequest, queue: Queue, show: ShowForm, *, status: int, form: PassForm | None = None
) -> HttpResponse:
    why = why_not(queue, criteria_of(queue.rubric_version))
    asked = show.cleaned_data if show.is_valid() else {"size": SIZES[0], "like": None, "after": ""}
    found = {} if why else chosen_cards(request, queue, asked)
    rows = card_rows(request, queue, found.pop("items", {}), form)
    context = {
        "queue": queue,
        "why_not": why or closed(request, queue),
        "sizes": SIZES,
        "size": asked["size"],
        "like": asked["like"],
        "cards": rows,
        "form": form or PassForm(queue, [row["item"] for row in rows]),
        "show_form": show,
        "here": here(request, queue),
        "latest": latest(request, queue),
        **found,
    }
    return page(request, "reviews/passes/cards.html", context, partial="cards", status=status)


def closed(request: MemberRequest, queue: Queue) -> str:
    """Why this person is given nothing here at the moment."""
    if at := goes_on_at(queue, request.member):
        most = "You have given this queue as much as it asks of one person for now."
        return f"{most} There is more from {at:%-d %B, %H:%M} UTC on."
    if queue.state != Queue.State.OPEN:
        return f"The queue is {queue.get_state_display().lower()}: nothing is given out from it."
    if not queue.admits(request.member):
        return "This queue is for other people: its curator named who judges it, or a training comes first."
    return ""


def chosen_cards(request: MemberRequest, queue: Queue, asked: dict[str, Any]) -> dict[str, Any]:
    """{item: likeness or None} in order, and where more begins."""
    if asked["like"]:
        item = get_object_or_404(queue.items, pk=asked["like"])
        if not open_places(queue, request.member).filter(item=item).exists():
            return {"items": {}, "next": None}
        return {"items": alike(queue, request.member, item, asked["size"]), "next": None}
    items, more = waiting(queue, request.member, asked["size"], start_of(asked["after"]))
    return {"items": dict.fromkeys(items), "next": address_of(more)}


def address_of(start: Start | None) -> str:
    return f"{start.lane}.{start.pos}" if start else ""


def card_rows(
    request: MemberRequest, queue: Queue, items: dict[int, float | None], form: PassForm | None
) -> list[dict[str, Any]]:
    """What a card shows: the last words of whom the model answered, and the whole answer."""
    responses = shown(list(items))
    chosen = set(form["item"].value() or []) if form else set()
    rows = []
    for pk, likeness in items.items():
        if (response := responses.get(pk)) is None:
            continue
        turns = [turn for turn in desk.conversation([response])["turns"] if turn["role"] == "user"]
        rows.append(
            {
                "item": pk,
                "likeness": likeness,
                "asked": turns[-1]["text"] if turns else "",
                "text": response.body.output,
                "calls": desk.named_calls(response.body.tool_calls),
                "n_passages": len(response.passages.all()),
                "model": str(response.model or "") if queue.shows_model else "",
                "sensitive": sensitive([response], request.project),
                "is_readable": readable(response),
                "is_chosen": str(pk) in chosen,
                "url": reverse("passes:context", kwargs={"project": request.project.slug, "key": queue.key, "pk": pk}),
            }
        )
    return rows


def latest(request: MemberRequest, queue: Queue) -> list[dict[str, Any]]:
    """This person's last passes over the queue."""
    rows = request.member.passes.filter(queue=queue).order_by("-pk")[:LATEST]
    return [{"row": row, "n": row.passed.count(), "can_undo": answering.can_undo(row)} for row in rows]
