"""The curator's page of a queue's overlap: how sure it wants to be, and what other targets would have come to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from feedback.accounts.access import MemberRequest
from feedback.audit.log import record
from feedback.htmx import page, see_other
from feedback.statistics.consensus import Replay
from reviews.quality.models import OverlapPolicy
from reviews.quality.overlap_replay import Question, questions
from reviews.queues.models import Queue


class OverlapForm(forms.ModelForm):
    target = forms.IntegerField(
        min_value=51, max_value=99, label="Sure enough at (%)",
        help_text="The chance that the leading answer is right. Below it another reviewer is asked.",
    )  # fmt: skip

    class Meta:
        model = OverlapPolicy
        fields = ["is_on", "target", "most", "decides"]
        labels = {
            "is_on": "Ask for more reviews where an answer is not clear",
            "most": "Reviews of one item, at most",
            "decides": "Who decides",
        }
        help_texts = {
            "most": "Items that are still not clear then go to a moderator, or to what most reviewers said.",
            "decides": "Weighed: the leading answer wins when it is sure enough, else a moderator decides.",
        }
        widgets = {"decides": forms.RadioSelect}

    def __init__(self, queue: Queue, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queue = queue
        self.initial["target"] = round(100 * self.instance.target)

    def clean_target(self) -> float:
        return float(self.cleaned_data["target"]) / 100

    def clean_most(self) -> int:
        most: int = self.cleaned_data["most"]
        if most < self.queue.k:
            raise forms.ValidationError(f"The queue asks for {self.queue.k} reviews of each item as it is.")
        return most


@require_http_methods(["GET", "HEAD", "POST"])
def queue_overlap(request: MemberRequest, key: str) -> HttpResponse:
    queue = get_object_or_404(request.project.queues.select_related("rubric_version"), key=key, takes_imports=False)
    policy = getattr(queue, "overlap_policy", None)
    blank = OverlapPolicy(project=request.project, queue=queue, is_on=False, most=queue.k + 2)
    form = OverlapForm(queue, request.POST if request.method == "POST" else None, instance=policy or blank)
    if request.method == "POST" and form.is_valid():
        save(request, form)
        messages.success(request, "Saved. It holds for items that are settled from now on.")
        return see_other(reverse("queues:queue-detail", args=[request.project.slug, queue.key]))
    context = {"queue": queue, "form": form, "questions": [shown(question) for question in questions(queue)]}
    status = 422 if form.errors else 200
    return page(request, "reviews/quality/queue_overlap.html", context, partial="form", status=status)


@transaction.atomic
def save(request: MemberRequest, form: OverlapForm) -> None:
    policy = form.save()
    said = {name: getattr(policy, name) for name in ("is_on", "target", "most", "decides")}
    record("overlap-changed", policy.queue, request=request, **said)


def shown(question: Question) -> dict[str, Any]:
    return {
        "criterion": question.criterion,
        "model": question.model,
        "n_items": question.n_items,
        "replays": [told(row) for row in question.replays or []],
    }


def told(row: Replay) -> dict[str, str]:
    return {
        "target": f"{row.target:.0%}",
        "used": f"{row.used:,} of {row.labels:,}",
        "saved": f"{row.saved:.0%}",
        "same": f"{row.same:,} of {row.decided:,}",
        "expected": f"{row.expected:.1%}",
    }
