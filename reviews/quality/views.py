"""The moderator's pages: what could not be settled by rule, and settling it, one after the other in place."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback.accounts.access import MemberRequest
from feedback.htmx import page, see_other, wants_fragment
from feedback.judgements.record import criteria_of
from feedback.judgements.refusal import AnswersRefused
from reviews.quality.adjudicate import NotDisputed, ReviewedIt, adjudicate, has_reviewed
from reviews.quality.critics import critics_of, look
from reviews.quality.dispute import sheet
from reviews.quality.forms import SettleForm, begun
from reviews.quality.models import Adjudication, AdjudicationQuerySet
from reviews.quality.settle import counted_reviews
from reviews.queues.history import titles_of
from reviews.queues.models import Item

ROWS = 50
COUNTED = 1_000
GONE = "This item is no longer in dispute: somebody settled it, or it is being reviewed again."


OLDEST = "oldest"


def order_of(request: MemberRequest) -> str:
    """How the address wants disputes ordered, as it stands in addresses; empty is by value."""
    return f"order={OLDEST}" if request.GET.get("order") == OLDEST else ""


def behind(request: MemberRequest, rows: AdjudicationQuerySet) -> AdjudicationQuerySet:
    """Those after `?after=`, in the order that the address wants."""
    is_oldest = bool(order_of(request))
    after = number(request.GET.get("after", ""))
    one = request.project.adjudications.filter(pk=after).first() if after else None
    ordered = rows.order_by("pk") if is_oldest else rows.by_worth()
    return ordered.after(one, oldest=is_oldest)


@require_GET
def unsettled(request: MemberRequest) -> HttpResponse:
    """Open disputes, the most valuable first, or the oldest; `?after=` continues behind one."""
    disputes, order = request.project.adjudications.open(), order_of(request)
    count = disputes[: COUNTED + 1].count()
    rows = list(behind(request, disputes).select_related("item__queue__rubric_version")[: ROWS + 1])
    here = reverse("quality:unsettled", kwargs={"project": request.project.slug})
    titles = titles_of([row.item for row in rows])
    context = {
        "rows": [
            {
                "dispute": row,
                "title": titles.get(row.item.subject_id) or f"Item {row.item_id}",
                "questions": questions(row.item, row.disputed),
                "stands_for": round(1 / (row.item.inclusion_probability or 1)),
            }
            for row in rows[:ROWS]
        ],
        "order": order,
        "count": min(count, COUNTED),
        "capped": count > COUNTED,
        "first_url": (f"{here}?{order}" if order else here) if request.GET.get("after") else "",
        "next_url": f"{here}?{order}{'&' if order else ''}after={rows[ROWS - 1].pk}" if len(rows) > ROWS else "",
    }
    return page(request, "reviews/quality/unsettled.html", context, partial="disputes")


def number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def questions(item: Item, disputed: list[str]) -> list[str]:
    return [criterion.label for criterion in criteria_of(item.rubric_version) if criterion.key in disputed]


@require_GET
def settle_next(request: MemberRequest) -> HttpResponse:
    """To the next dispute that this person may settle, after `?after=` and round to the first; else to the list."""
    waiting, order = request.project.adjudications.open().not_reviewed_by(request.member), order_of(request)
    first = waiting.order_by("pk") if order else waiting.by_worth()
    after = number(request.GET.get("after", ""))
    following = behind(request, waiting).first() or first.exclude(pk=after).first()
    if following is None:
        if not messages.get_messages(request):
            messages.info(request, "Nothing else is in dispute that you may settle.")
        return away(request)
    url = reverse("quality:settle", kwargs={"project": request.project.slug, "pk": following.item_id})
    return redirect(f"{url}?{order}" if order else url)


def away(request: MemberRequest) -> HttpResponse:
    """To the list; an htmx request leaves the page it is on."""
    url = reverse("quality:unsettled", kwargs={"project": request.project.slug})
    return HttpResponse(status=204, headers={"HX-Redirect": url}) if wants_fragment(request) else redirect(url)


def disputed(request: MemberRequest, pk: int) -> tuple[Item, Adjudication | None]:
    """The item, and its dispute while it waits for a moderator."""
    items = request.project.items.select_related("queue__rubric_version", "subject", "project")
    item: Item = get_object_or_404(items, pk=pk)
    is_open = item.state == Item.State.UNRESOLVED
    return item, item.adjudications.filter(settled_at=None).first() if is_open else None


def gone(request: MemberRequest) -> HttpResponse:
    messages.warning(request, GONE)
    return away(request)


@require_POST
def critics(request: MemberRequest, pk: int) -> HttpResponse:
    """What critics say, for who asks: into the page, or back to it, where it then stands open. That it was is kept."""
    item, dispute = disputed(request, pk)
    if dispute is None:
        return gone(request)
    assessed = look(dispute, request.member, item.subject.shown())
    if wants_fragment(request):
        return render(request, "reviews/quality/critics.html", {"assessed": assessed})
    order = order_of(request)
    here = reverse("quality:settle", kwargs={"project": request.project.slug, "pk": pk})
    return see_other(f"{here}?{order}" if order else here)


@require_http_methods(["GET", "POST"])
def settle(request: MemberRequest, pk: int) -> HttpResponse:
    """One dispute: read the answers side by side, decide, say why."""
    item, dispute = disputed(request, pk)
    if dispute is None:
        return gone(request)
    shown = item.subject.shown()
    criteria = [c for c in criteria_of(item.rubric_version) if c.key in dispute.disputed]
    reviews = list(counted_reviews([item.pk]))
    form = SettleForm(criteria, shown, request.POST or None, label_suffix="", initial=begun(criteria, reviews))
    is_own, status = has_reviewed(request.member, item), 200
    if request.method == "POST" and not is_own:
        if form.is_valid() and decide(request, item, form):
            messages.success(request, "Settled.")
            return see_other(next_url(request, dispute))
        status = 422
    context: dict[str, Any] = sheet(item, shown, reviews, dispute.disputed)
    context |= {"item": item, "dispute": dispute, "form": None if is_own else form, "is_own": is_own}
    context |= {
        "next_url": next_url(request, dispute),
        "order": order_of(request),
        "n_left": request.project.adjudications.open()[:COUNTED].count(),
        **critics_of(dispute, request.member, shown),
    }
    for row in context["rows"]:
        row["fields"] = form.of(row["criterion"]) if row["is_disputed"] and not is_own else None
    status = 403 if is_own and request.method == "POST" else status
    return said(
        request, page(request, "reviews/quality/settle.html", context, partial="sheet", status=status, title="name")
    )


def next_url(request: MemberRequest, dispute: Adjudication) -> str:
    order = order_of(request)
    here = reverse("quality:next", kwargs={"project": request.project.slug})
    return f"{here}?{order}{'&' if order else ''}after={dispute.pk}"


def said(request: MemberRequest, answer: HttpResponse) -> HttpResponse:
    """A fragment has no place for notices: they become a toast; and the address follows the dispute that is shown."""
    if wants_fragment(request):
        words = " ".join(str(message) for message in messages.get_messages(request))
        if words:
            answer["HX-Trigger"] = json.dumps({"toast": {"text": words}})
        answer["HX-Push-Url"] = request.get_full_path()
    return answer


def decide(request: MemberRequest, item: Item, form: SettleForm) -> bool:
    """Write the verdict; False with the reasons on the form when it cannot be."""
    try:
        adjudicate(item, request.member, form.answers(), form.reasons(), request=request)
    except AnswersRefused as refusal:
        form.refuse(refusal.errors)
    except (NotDisputed, ReviewedIt):
        form.add_error(None, GONE)
    return form.is_valid()
