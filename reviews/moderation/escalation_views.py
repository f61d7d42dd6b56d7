"""Escalations: what reviewers ask, the item as they saw it, and the answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback.accounts.access import MemberRequest
from feedback.accounts.models import Member
from feedback.htmx import page, see_other
from feedback.permissions import ADMIN
from reviews.moderation.panel import titled
from reviews.queues.desk import conversation, passages, shown_answers
from reviews.queues.escalate import LONGEST, EscalationRefused, close, say
from reviews.queues.models import Escalation

PAGE = 50
OTHERS = "others"
STATES = {
    "open": "Waiting for you",
    "answered": "Answered",
    OTHERS: "For other skills",
    "closed": "Closed",
    "all": "All",
}


class AnswerForm(forms.Form):
    text = forms.CharField(
        label="Your answer",
        max_length=LONGEST,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        error_messages={"required": "Write an answer first."},
    )


class LastWordForm(forms.Form):
    """What the reviewer reads when a question is closed before it was answered; own words are an answer."""

    WORDS = (
        "Please judge the item as it stands.",
        "Please skip the item.",
        "It is dealt with. You need not do anything more.",
    )
    text = forms.ChoiceField(
        label="What shall the reviewer read?",
        choices=[(words, words) for words in WORDS],
        widget=forms.RadioSelect,
        initial=WORDS[0],
        help_text="Or write an answer of your own in the conversation.",
        error_messages={"required": "Choose what the reviewer shall read, or write an answer first."},
    )


def in_state(rows: Any, state: str, member: Member) -> Any:
    """Waiting: the reviewer had the last word. Answered: a moderator had it. Both of those that are for this member;
    what is for others stays in reach, since they may be away.
    """
    if state == OTHERS:
        rows = rows.with_last_word()
        return rows.open().exclude(pk__in=rows.offered_to(member).values("pk"))
    if state == "all":
        return rows.with_last_word()
    found = rows.in_state(state)
    return found if state == Escalation.State.CLOSED else found.offered_to(member)


@require_GET
def escalation_list(request: MemberRequest) -> HttpResponse:
    """The newest first; `?state=` chooses."""
    state = request.GET.get("state", "open")
    state = state if state in STATES else "open"
    before = request.GET.get("before", "")
    rows = (
        in_state(request.project.escalations, state, request.member)
        .select_related("item__queue")
        .prefetch_related("messages")
    )
    rows = rows.filter(pk__lt=int(before)) if before.isdecimal() and len(before) < 19 else rows
    found: list[Escalation] = list(rows.order_by("-pk")[: PAGE + 1])
    titles = titled([row.item for row in found[:PAGE]])
    context = {
        "rows": [{"row": row, "title": titles[row.item_id]} for row in found[:PAGE]],
        "state": state,
        "states": STATES.items(),
        "first_url": f"?state={state}" if before else "",
        "next_url": f"?state={state}&before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
    }
    return page(request, "reviews/moderation/escalation_list.html", context, partial="escalations")


def the_escalation(request: MemberRequest, pk: int) -> Escalation:
    rows = request.project.escalations.select_related("item__queue", "item__subject", "assignment", "raised_by__user")
    found: Escalation = get_object_or_404(rows.select_related("closed_by__user"), pk=pk)
    return found


@require_http_methods(["GET", "POST"])
def escalation_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """The conversation beside the item as the reviewer saw it; POST answers."""
    escalation = the_escalation(request, pk)
    form = AnswerForm(request.POST or None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        try:
            say(escalation, request.member, form.cleaned_data["text"])
        except EscalationRefused as refusal:
            form.add_error("text", str(refusal))
        else:
            return see_other("moderation:escalation-detail", project=request.project.slug, pk=pk)
    return show(request, escalation, form, LastWordForm(label_suffix=""))


def show(request: MemberRequest, escalation: Escalation, form: AnswerForm, last_word: LastWordForm) -> HttpResponse:
    turn = escalation.assignment
    shown = escalation.item.subject.shown(turn.shown_order if turn else None)
    shows_model = bool(turn and turn.visible.get("model"))
    prefetch_related_objects(shown, "passages", *(["model"] if shows_model else []))
    said = list(escalation.messages.select_related("author__user"))
    context = {
        **conversation(shown),
        "answers": shown_answers(shown, shows_model=shows_model),
        "passages": passages(shown),
        "escalation": escalation,
        "item": escalation.item,
        "said": said,
        "last_word": None if any(message.author_id != escalation.raised_by_id for message in said) else last_word,
        "sees_names": request.member.role == ADMIN,
        "form": form,
    }
    status = 422 if form.errors or last_word.errors else 200
    return page(request, "reviews/moderation/escalation_detail.html", context, partial="talk", status=status)


@require_POST
def escalation_close(request: MemberRequest, pk: int) -> HttpResponse:
    """End the conversation, with a word when nobody has answered yet."""
    escalation = the_escalation(request, pk)
    last_word = LastWordForm(request.POST, label_suffix="")
    if escalation.is_open and not escalation.is_answered:
        if not last_word.is_valid():
            return show(request, escalation, AnswerForm(label_suffix=""), last_word)
        say(escalation, request.member, last_word.cleaned_data["text"])
    close(escalation, request.member)
    messages.success(request, "Closed.")
    return see_other("moderation:escalation-list", project=request.project.slug)
